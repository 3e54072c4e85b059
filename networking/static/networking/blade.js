/* The Networking page while somebody edits it. Progressive enhancement only: everything below also works as a plain
   form post. Listeners are on the document, so that swapped content needs none. At most 16 KB. */
(() => {
'use strict';
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const on = (type, listener, capture) => document.addEventListener(type, listener, capture);
const say = text => document.dispatchEvent(new CustomEvent('portal:say', { detail: text }));
const form = () => $('#net-form:has([value=save])');
const count = (n, word) => `${n.toLocaleString('en')} ${word}${n === 1 ? '' : 's'}`;
const FIELDS = ['range', 'name', 'note'];
const undos = []; /* each says whether there was still something to undo */
let sequence = 0, version = 0, dirty = false;

const rows = f => $$('#rules .rule', f);
const field = (row, name) => $(`[name=${name}]`, row);
const typed = row => FIELDS.map(name => field(row, name).value.trim());
const saved = row => FIELDS.map(name => row.dataset[name] || '');
const isSaved = row => 'saved' in row.dataset;
const isRemoved = row => row.classList.contains('removed');
const isBlank = row => !isSaved(row) && !typed(row).some(Boolean);
const isEdited = row => !isRemoved(row) && (isSaved(row) ? typed(row).some((text, i) => text !== saved(row)[i]) : !isBlank(row));
const live = f => rows(f).filter(row => !isRemoved(row) && !isBlank(row));
const ranges = f => live(f).map(row => typed(row)[0]);
const own = f => live(f).find(row => typed(row)[0].replace(/\/32$/, '') === f.dataset.clientIp);

/* The draft is the form itself: what it holds is compared with what is saved, after every keystroke. */
function refresh() {
  const f = form();
  version++;
  if (!f) { dirty = !!$('#conflict-form'); return; }
  const [choice, was, trusted, endpoint, tasks] = JSON.parse(f.dataset.baseline);
  const spelled = list => JSON.stringify(list.map(row => JSON.stringify(row)).sort());
  const settings = {
    public_access: f.elements.public_access.value !== choice,
    trusted_services: f.elements.trusted_services.checked !== trusted,
    data_endpoint: f.elements.data_endpoint.checked !== endpoint,
    tasks_bypass: f.elements.tasks_bypass.checked !== tasks,
  };
  for (const [name, changed] of Object.entries(settings)) $('#f-' + name, f).classList.toggle('is-dirty', changed);
  const changed = Object.values(settings).filter(Boolean).length;
  const taken = $$('[name=remove_subnet]:checked', f).length;
  const listChanged = spelled(live(f).map(typed)) !== spelled(was);
  dirty = changed + taken > 0 || listChanged;
  keepOneBlankRow(f);
  for (const [at, row] of rows(f).entries()) {
    row.classList.toggle('blank', isBlank(row));
    row.classList.toggle('saved', isSaved(row) && !isRemoved(row) && !isEdited(row));
    row.classList.toggle('dirty', isEdited(row));
    $('.more-name', row).textContent = typed(row)[1];
    field(row, 'range').setAttribute('aria-label', 'Address range ' + (at + 1));
    if (!isRemoved(row)) $('.act button', row).setAttribute('aria-label', 'Delete ' + (typed(row)[0] || 'this row'));
  }
  const edits = rows(f).filter(row => isRemoved(row) || isEdited(row)).length;
  $('#pending', f).textContent = dirty ? count(changed + taken + (listChanged ? edits : 0), 'unsaved change') : '';
  for (const button of $$('.cmd[value=save], .cmd[value=discard]', f)) {
    if (dirty) button.removeAttribute('aria-disabled'); else button.setAttribute('aria-disabled', 'true');
  }
  const box = $('#add-client', f);
  if (!box.disabled) box.checked = !!own(f);
  $('#rule-count', f).textContent = `${live(f).length} of ${f.dataset.limit} rules`;
}
function changed() {
  refresh();
  form()?.dispatchEvent(new Event('ranges-changed', { bubbles: true }));
}

function newRow(f, text = '') {
  const holder = document.createElement('tbody');
  holder.innerHTML = $('#rule-tpl').innerHTML.replaceAll('__', 'n' + ++sequence);
  const row = $('.rule', holder);
  field(row, 'range').value = text;
  $('#rules', f).append(row);
  return row;
}
function keepOneBlankRow(f) {
  const full = live(f).length >= +f.dataset.limit, blank = rows(f).filter(isBlank), told = $('#rule-status', f).textContent;
  const keep = full ? null : blank.at(-1);
  for (const row of blank) if (row !== keep && !row.contains(document.activeElement)) row.remove();
  if (!full && !isBlank(rows(f).at(-1) || newRow(f))) newRow(f);
  const said = `All ${f.dataset.limit} rules are used. Delete one or combine ranges to add more.`;
  if (full && told !== said) { status(f, said); say(said); }
  if (!full && told === said) status(f, '');
}
function addRanges(list) {
  const f = form(), have = new Set(ranges(f));
  let added = 0, skipped = 0, room = +f.dataset.limit - live(f).length;
  for (const text of list) {
    if (have.has(text) || room < 1) { skipped++; continue; }
    const blank = rows(f).find(isBlank);
    if (blank) field(blank, 'range').value = text; else newRow(f, text);
    have.add(text); added++; room--;
  }
  changed();
  const told = count(added, 'range') + ' added' + (skipped ? `, ${skipped.toLocaleString('en')} skipped` : '') + '.';
  if (list.length > 1) status(f, told);
  say(told);
}
const split = text => text.replace(/#.*$/gm, '').split(/[\s,;]+/).filter(Boolean);
function status(f, text, undoable) {
  const line = $('#rule-status', f), button = document.createElement('button');
  line.textContent = text;
  if (!undoable) return;
  Object.assign(button, { type: 'button', className: 'linkbtn', textContent: 'Undo' }).addEventListener('click', undo);
  line.append(' ', button);
}
function undo() {
  while (undos.length && !undos.pop()()) { /* it was undone by its own button */ }
}
function mark(row, removed) {
  const button = $('.act button', row), act = removed ? 'restore' : 'remove', rid = row.dataset.rid;
  row.classList.toggle('removed', removed);
  for (const input of $$('input', row)) input.disabled = removed;
  $('.size', row).innerHTML = removed ? 'Deleted on save' : `<span id="size-${rid}"></span>`;
  Object.assign(button, { title: removed ? 'Undo' : 'Delete', value: `${act}:${rid}` }).dataset.act = act;
  if (removed) button.setAttribute('aria-label', 'Undo delete of ' + row.dataset.range);
  const use = $('use', button);
  use.setAttribute('href', use.getAttribute('href').replace(/#.*/, removed ? '#undo' : '#trash'));
}
function fill(row, texts) { FIELDS.forEach((name, i) => { field(row, name).value = texts[i]; }); }
function removeRow(row) {
  const f = form(), [text] = typed(row), next = row.nextElementSibling || row.previousElementSibling;
  if (isSaved(row)) {
    row.typed = typed(row);
    fill(row, saved(row));
    mark(row, true);
    undos.push(() => row.isConnected && isRemoved(row) && restoreRow(row));
    $('.act button', row).focus();
  } else {
    const before = row.nextElementSibling;
    row.remove();
    undos.push(() => {
      $('#rules', f).insertBefore(row, before?.isConnected ? before : null);
      status(f, ''); changed(); field(row, 'range').focus();
      return true;
    });
    status(f, `Deleted ${text}.`, true);
    (next && field(next, 'range'))?.focus();
  }
  changed();
  say(`Deleted ${text || row.dataset.range}. Undo is available. ${count(live(f).length, 'rule')} left.`);
}
function restoreRow(row) {
  mark(row, false);
  if (row.typed) fill(row, row.typed);
  changed();
  field(row, 'range').focus();
  say(`Restored ${typed(row)[0]}.`);
  return true;
}
function combine(button) {
  const f = form(), row = button.closest('.rule'), other = rows(f).find(each => each.dataset.rid === button.dataset.other);
  if (!other) return;
  field(other, 'range').value = button.dataset.value;
  forget(other);
  removeRow(row);
  undos.length = 0; status(f, '');
  field(other, 'range').focus();
  say(`Combined into ${button.dataset.value}.`);
}
/* What the server said of a row goes stale as somebody types. */
function forget(row) {
  $('.rmsg', row).textContent = '';
  const size = $('.size span', row);
  if (size) size.textContent = '';
  for (const name of FIELDS) field(row, name).removeAttribute('aria-invalid');
}
function focusBlank() { (rows(form()).find(isBlank) || rows(form()).at(-1))?.querySelector('[name=range]').focus(); }

function openDialog(template) {
  const dialog = $(template).content.firstElementChild.cloneNode(true);
  $('#dialog-slot').replaceChildren(dialog);
  return dialog;
}
function mayLeave() {
  const dialog = openDialog('#leave-tpl');
  $('p', dialog).textContent = `You have ${$('#pending')?.textContent || 'unsaved edits'} on this page. Continuing drops them.`;
  return new Promise(done => dialog.addEventListener('close', () => done(dialog.returnValue === 'leave')));
}

const actions = {
  remove: button => removeRow(button.closest('.rule')),
  restore: button => restoreRow(button.closest('.rule')),
  combine,
  fix(button) {
    const row = button.closest('.rule');
    field(row, 'range').value = button.dataset.value;
    forget(row); changed(); field(row, 'range').focus();
  },
  paste: () => openDialog('#paste-tpl'),
};
on('click', event => {
  const off = event.target.closest('[aria-disabled=true]'), button = event.target.closest('[data-act]');
  if (off) { event.preventDefault(); event.stopImmediatePropagation(); say('No changes yet.'); return; }
  if (!button || !actions[button.dataset.act]) return;
  event.preventDefault(); event.stopImmediatePropagation(); actions[button.dataset.act](button);
}, true);
on('input', event => {
  if (!event.target.closest('#net-form')) return;
  const row = event.target.closest('.rule');
  if (row) forget(row);
  /* A dropped draft can't come back over newer edits. */
  $('.toast form')?.closest('.toast').remove();
  /* The box fires input before change: its mirror would untick it. */
  if (event.target.id !== 'add-client') refresh();
});
on('change', event => {
  const f = form(), target = event.target;
  if (!f?.contains(target)) return;
  if (target.id !== 'add-client') { refresh(); return; }
  const mine = own(f);
  if (target.checked && !mine) addRanges([f.dataset.clientIp]);
  if (!target.checked && mine) removeRow(mine);
  target.focus();
});
on('paste', event => {
  if (event.target.name !== 'range') return;
  const list = split(event.clipboardData.getData('text'));
  if (list.length < 2) return;
  event.preventDefault();
  addRanges(list);
  focusBlank();
});
on('submit', event => {
  if (!event.target.matches('[data-paste]') || event.submitter?.value !== 'add') return;
  const list = split($('textarea', event.target).value);
  event.target.closest('dialog').addEventListener('close', () => { if (list.length) { addRanges(list); focusBlank(); } });
}, true);
on('keydown', event => {
  const f = form(), target = event.target, modified = (event.ctrlKey || event.metaKey) && !event.altKey, key = event.key.toLowerCase();
  if (!f || $('dialog[open]')) return;
  if (modified && key === 's') {
    event.preventDefault();
    /* A real click: without one htmx sends no button. */
    if (dirty) $('.cmd[value=save]', f).click(); else say('No changes to save.');
  } else if (modified && key === 'z' && undos.length && !target.matches('input:not([type=checkbox], [type=radio]), textarea')) {
    event.preventDefault(); undo();
  } else if (target.closest('.rule') && target.matches('input')) rowKey(event, f, target);
  else if (key === 'enter' && target.matches('#net-form input')) {
    /* Enter edits; it never sends the form. */
    event.preventDefault();
    if (target.id === 'probe') $('[value=check].btn', f).click();
  }
});
function rowKey(event, f, target) {
  const row = target.closest('.rule'), inputs = rows(f).filter(each => !isRemoved(each)).map(each => field(each, 'range'));
  const at = inputs.indexOf(field(row, 'range')), next = { ArrowDown: inputs[at + 1], ArrowUp: inputs[at - 1] }[event.key];
  if (event.key === 'Enter') {
    event.preventDefault();
    if (isBlank(row)) return;
    refresh();
    const list = rows(f).filter(each => !isRemoved(each));
    field(list[list.indexOf(row) + 1] || row, 'range').focus();
    changed();
  } else if (next && target.name === 'range') { event.preventDefault(); next.focus(); }
  else if (event.key === 'Escape') {
    const was = saved(row)[FIELDS.indexOf(target.name)];
    if (target.value !== was) { event.stopPropagation(); target.value = was; forget(row); changed(); }
  }
}

addEventListener('beforeunload', event => { if (dirty) event.preventDefault(); });
on('click', async event => {
  const link = event.target.closest('a[href]');
  if (!dirty || !link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (link.target || link.hasAttribute('hx-get') || link.getAttribute('href').startsWith('#') || link.origin !== location.origin) return;
  event.preventDefault();
  if (await mayLeave()) { dirty = false; location.href = link.href; }
});
on('htmx:confirm', event => {
  if (event.detail.elt.dataset.cmd !== 'refresh' || !dirty) return;
  event.preventDefault();
  mayLeave().then(yes => { if (yes) event.detail.issueRequest(true); });
});

/* An answer about a draft that has changed since is dropped; the next one is on its way. */
on('htmx:beforeSend', ({ detail }) => { detail.xhr.version = version; });
on('htmx:beforeSwap', ({ detail }) => {
  if (detail.pathInfo.requestPath.endsWith('/evaluate/') && detail.xhr.version !== version) detail.shouldSwap = false;
});
/* What is typed while a Save is under way would be lost with the form that its answer replaces. */
on('htmx:beforeRequest', ({ detail }) => {
  if (detail.elt.id !== 'net-form') return;
  const cols = $('.cols'), at = document.activeElement;
  cols.inert = true;
  detail.xhr.addEventListener('loadend', () => setTimeout(() => {
    cols.inert = false;
    if (document.activeElement === document.body && cols.contains(at)) at.focus();
  }, 50));
});
on('htmx:oobAfterSwap', event => {
  const id = event.detail.target.id || '';
  if (!id.startsWith('msg-')) return;
  /* htmx hands us the node that was replaced. */
  const error = $('[data-state=error]', document.getElementById(id));
  for (const part of ['rng', 'name', 'note']) {
    const input = document.getElementById(part + id.slice(3));
    if (error?.dataset.for === part) input?.setAttribute('aria-invalid', 'true'); else input?.removeAttribute('aria-invalid');
  }
});
on('htmx:afterSettle', ({ detail }) => {
  if (detail.target.id !== 'blade-body' && detail.elt.id !== 'blade-body') return;
  undos.length = 0; sequence += 1000;
  refresh();
  ($('#error-summary') || $('.cmd[value=save]') || $('.cmd'))?.focus({ preventScroll: !$('#error-summary') });
});
/* A link to a field in a closed part of a row opens that part. */
on('click', event => {
  const link = event.target.closest('#error-summary a'), at = link && $(link.getAttribute('href'));
  if (!at) return;
  const more = at.closest('details');
  if (more) more.open = true;
  at.focus();
});

refresh();
})();
