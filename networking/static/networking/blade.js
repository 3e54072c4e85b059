/* Progressive enhancement only: everything below also works as a plain form post. Listeners are on the document,
   so that swapped content needs none. At most 16 KB. */
(() => {
'use strict';
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const on = (type, listener, capture) => document.addEventListener(type, listener, capture);
const form = () => $('#net-form:has([value=save])');
const count = (n, word) => `${n.toLocaleString('en')} ${word}${n === 1 ? '' : 's'}`;
let sequence = 0, edits = 0, undo = null, dirty = false;

function say(text) {
  const live = $('#announce');
  live.textContent = '';
  setTimeout(() => { live.textContent = text; }, 60);
}

const rows = f => $$('#rules .rule', f);
const field = (row, name) => $(`[name=${name}]`, row);
const typed = row => ['range', 'name', 'note'].map(name => field(row, name).value.trim());
const saved = row => [row.dataset.range || '', row.dataset.name || '', row.dataset.note || ''];
const isSaved = row => 'saved' in row.dataset;
const isRemoved = row => row.classList.contains('removed');
const isBlank = row => !isSaved(row) && !typed(row).some(Boolean);
const isEdited = row => !isRemoved(row) && (isSaved(row) ? typed(row).some((text, i) => text !== saved(row)[i]) : !isBlank(row));
const live = f => rows(f).filter(row => !isRemoved(row) && !isBlank(row));
const ranges = f => live(f).map(row => typed(row)[0]);

function refresh() {
  const f = form();
  edits++;
  if (!f) { dirty = !!$('#conflict-form'); return; }
  const [choice, was, trusted, endpoint] = JSON.parse(f.dataset.baseline);
  const spelled = list => JSON.stringify(list.map(row => JSON.stringify(row)).sort());
  const settings = {
    public_access: f.elements.public_access.value !== choice,
    trusted_services: f.elements.trusted_services.checked !== trusted,
    data_endpoint: f.elements.data_endpoint.checked !== endpoint,
  };
  for (const [name, changed] of Object.entries(settings)) $('#f-' + name, f).classList.toggle('is-dirty', changed);
  const changed = Object.values(settings).filter(Boolean).length;
  const listChanged = spelled(live(f).map(typed)) !== spelled(was);
  dirty = changed > 0 || listChanged;
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
  $('#pending', f).textContent = dirty ? count(changed + (listChanged ? edits : 0), 'unsaved change') : '';
  for (const button of $$('.cmd[value=save], .cmd[value=discard]', f)) button.ariaDisabled = dirty ? null : 'true';
  const box = $('#add-client', f);
  if (!box.disabled) box.checked = ranges(f).includes(f.dataset.clientIp);
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
  const full = live(f).length >= +f.dataset.limit, blank = rows(f).filter(isBlank);
  const keep = full ? null : blank.at(-1);
  for (const row of blank) if (row !== keep && !row.contains(document.activeElement)) row.remove();
  if (!full && !isBlank(rows(f).at(-1) || newRow(f))) newRow(f);
  if (full) status(f, `All ${f.dataset.limit} rules are used. Delete one or combine ranges to add more.`);
  else if ($('#rule-status', f).textContent.startsWith('All ')) status(f, '');
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
function status(f, text, action) {
  const line = $('#rule-status', f);
  line.textContent = text;
  if (!action) return;
  const button = document.createElement('button');
  Object.assign(button, { type: 'button', className: 'linkbtn', textContent: 'Undo' });
  button.addEventListener('click', action);
  line.append(' ', button);
}
function icon(button, name) {
  const use = $('use', button);
  use.setAttribute('href', use.getAttribute('href').replace(/#.*/, '#' + name));
}
function mark(row, removed) {
  const button = $('.act button', row), act = removed ? 'restore' : 'remove', rid = row.dataset.rid;
  row.classList.toggle('removed', removed);
  for (const input of $$('input', row)) input.disabled = removed;
  $('.size', row).innerHTML = removed ? 'Deleted on save' : `<span id="size-${rid}"></span>`;
  Object.assign(button, { title: removed ? 'Undo' : 'Delete', value: `${act}:${rid}` }).dataset.act = act;
  if (removed) button.setAttribute('aria-label', 'Undo delete of ' + row.dataset.range);
  icon(button, removed ? 'undo' : 'trash');
}
function removeRow(row) {
  const f = form(), text = typed(row)[0], next = row.nextElementSibling || row.previousElementSibling;
  if (isSaved(row)) {
    ['range', 'name', 'note'].forEach((name, i) => { field(row, name).value = saved(row)[i]; });
    mark(row, true);
    undo = () => restoreRow(row);
    $('.act button', row).focus();
  } else {
    const before = row.nextElementSibling;
    row.remove();
    undo = () => {
      $('#rules', f).insertBefore(row, before?.isConnected ? before : null);
      status(f, ''); undo = null; changed(); field(row, 'range').focus();
    };
    status(f, `Deleted ${text}.`, () => undo?.());
    (next && field(next, 'range'))?.focus();
  }
  changed();
  say(`Deleted ${text || row.dataset.range}. Undo is available. ${count(live(f).length, 'rule')} left.`);
}
function restoreRow(row) {
  mark(row, false);
  undo = null; changed();
  field(row, 'range').focus();
  say(`Restored ${typed(row)[0]}.`);
}
function combine(button) {
  const f = form(), row = button.closest('.rule'), other = rows(f).find(each => each.dataset.rid === button.dataset.other);
  if (!other) return;
  field(other, 'range').value = button.dataset.value;
  forget(other);
  removeRow(row);
  undo = null; status(f, '');
  field(other, 'range').focus();
  say(`Combined into ${button.dataset.value}.`);
}
/* What the server said of a row goes stale as somebody types. */
function forget(row) {
  $('.rmsg', row).textContent = '';
  const size = $('.size span', row);
  if (size) size.textContent = '';
  field(row, 'range').removeAttribute('aria-invalid');
}

function openDialog(template) {
  $('#dialog-slot').replaceChildren($(template).content.firstElementChild.cloneNode(true));
  return showDialog();
}
function showDialog() {
  const dialog = $('#dialog-slot dialog'), opener = document.activeElement;
  dialog.addEventListener('close', () => { dialog.remove(); if (opener?.isConnected) opener.focus(); });
  dialog.showModal();
  return dialog;
}
function mayLeave() {
  const dialog = openDialog('#leave-tpl');
  $('p', dialog).textContent = `You have ${$('#pending')?.textContent || 'unsaved edits'} on this page. Continuing drops them.`;
  return new Promise(done => dialog.addEventListener('close', () => done(dialog.returnValue === 'leave')));
}
function toast(text) {
  const made = $('#toast-tpl').content.firstElementChild.cloneNode(true);
  $('p', made).textContent = text;
  $('#toasts').append(made);
  announceToasts();
}
/* Errors stay; the rest goes after 8 s, unless it is being read. */
function localise() {
  for (const each of $$('time:not([title])')) {
    each.title = each.textContent;
    each.textContent = new Date(each.dateTime).toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' });
  }
}
function announceToasts() {
  for (const each of $$('#toasts .toast:not([data-armed])')) {
    each.dataset.armed = '';
    say(`${$('b', each).textContent}. ${$('p', each).textContent}`);
    if (each.classList.contains('err')) continue;
    let timer;
    const start = () => { timer = setTimeout(() => each.remove(), 8000); }, stop = () => clearTimeout(timer);
    start();
    for (const type of ['mouseenter', 'focusin']) each.addEventListener(type, stop);
    for (const type of ['mouseleave', 'focusout']) each.addEventListener(type, start);
  }
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
  'close-dialog': button => button.closest('dialog').close(),
  'close-toast': button => button.closest('.toast').remove(),
};
on('click', event => {
  const off = event.target.closest('[aria-disabled=true]');
  if (off) { event.preventDefault(); event.stopImmediatePropagation(); say('No changes yet.'); return; }
  const copy = event.target.closest('[data-copy]');
  if (copy) {
    const text = copy.dataset.copy, done = () => { say('Copied ' + text); icon(copy, 'check'); setTimeout(icon, 1600, copy, 'copy'); };
    (navigator.clipboard?.writeText(text) || Promise.reject()).then(done, () => say('Copy is blocked by the browser. Select the text instead.'));
  }
  const button = event.target.closest('[data-act]');
  if (button) { event.preventDefault(); event.stopImmediatePropagation(); actions[button.dataset.act](button); }
}, true);
on('input', event => {
  const row = event.target.closest('#net-form .rule');
  if (row) { undo = null; if (event.target.name === 'range') forget(row); }
  if (event.target.id === 'rm-q') filterMenu(event.target.value.trim().toLowerCase());
  /* The box fires input before change: its mirror would untick it. */
  if (event.target.id !== 'add-client' && event.target.closest('#net-form')) refresh();
});
on('change', event => {
  const f = form(), target = event.target;
  if (target.name === 'theme') document.documentElement.dataset.theme = target.value;
  else if (target.id === 'add-client' && f) {
    const own = live(f).find(row => typed(row)[0] === f.dataset.clientIp);
    if (target.checked && !own) addRanges([f.dataset.clientIp]);
    if (!target.checked && own) removeRow(own);
    target.focus();
  } else if (target.closest('#net-form')) refresh();
});
on('paste', event => {
  if (event.target.name !== 'range') return;
  const list = split(event.clipboardData.getData('text'));
  if (list.length < 2) return;
  event.preventDefault();
  addRanges(list);
  focusBlank();
});
function focusBlank() { (rows(form()).find(isBlank) || rows(form()).at(-1))?.querySelector('[name=range]').focus(); }
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
  } else if (modified && key === 'z' && undo && !target.matches('input:not([type=checkbox], [type=radio]), textarea')) {
    event.preventDefault(); undo();
  } else if (target.closest('.rule') && target.matches('input')) rowKey(event, f, target);
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
    const i = ['range', 'name', 'note'].indexOf(target.name);
    if (target.value !== saved(row)[i]) { event.stopPropagation(); target.value = saved(row)[i]; forget(row); changed(); }
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
on('htmx:beforeSend', event => { event.detail.xhr.edits = edits; });
on('htmx:beforeSwap', ({ detail }) => {
  if (detail.pathInfo.requestPath.endsWith('evaluate/') && detail.xhr.edits !== edits) detail.shouldSwap = false;
});
on('htmx:oobAfterSwap', event => {
  const id = event.detail.target.id || '';
  if (id === 'toasts') announceToasts();
  if (!id.startsWith('msg-')) return;
  /* htmx hands us the node that was replaced. */
  const input = document.getElementById('rng-' + id.slice(4));
    if (!input) return;
  if ($('[data-state=error]', document.getElementById(id))) input.setAttribute('aria-invalid', 'true');
  else input.removeAttribute('aria-invalid');
});
on('htmx:afterRequest', event => {
  const part = event.detail.elt.closest(event.detail.elt.dataset?.closes || 'never');
  if (part && event.detail.successful) part.close ? part.close() : part.remove();
});
on('htmx:afterSettle', event => {
  if (event.detail.target.id === 'dialog-slot') { showDialog(); return; }
  if (event.detail.target.id !== 'blade-body' && event.detail.elt.id !== 'blade-body') return;
  undo = null; sequence += 1000;
  localise(); refresh();
  ($('#error-summary') || $('.cmd[value=save]') || $('.cmd'))?.focus({ preventScroll: !$('#error-summary') });
});
for (const type of ['htmx:sendError', 'htmx:timeout', 'htmx:responseError']) {
  on(type, ({ detail: { elt, xhr } }) => {
    /* What asks by itself stays quiet. A refusal comes as one plain sentence. */
    if (elt.matches('#evaluator, #changed-elsewhere')) return;
    const plain = /^text.plain/.test(xhr.getResponseHeader('Content-Type'));
    toast((plain ? xhr.responseText : "The console can't reach the server. Try again.") + ' Your edits are still here.');
  });
}

function filterMenu(text) {
  for (const item of $$('#rmenu li')) item.hidden = !item.textContent.toLowerCase().includes(text);
  if (text) for (const group of $$('#rmenu details')) group.open = true;
}
$('#rm-top')?.removeAttribute('hidden');
announceToasts();
localise();
refresh();
})();
