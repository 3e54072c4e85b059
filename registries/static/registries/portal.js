/* What every page shares: announcements, toasts, dialogs, copy buttons, times, theme, the menu's filter. Progressive
   enhancement only. Other scripts speak to it by events on the document: portal:say and portal:toast, each with a text. */
(() => {
'use strict';
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const on = (type, listener, capture) => document.addEventListener(type, listener, capture);

function say(text) {
  const live = $('#announce');
  live.textContent = '';
  setTimeout(() => { live.textContent = text; }, 60);
}
on('portal:say', event => say(event.detail));

function toast(text) {
  const made = $('#toast-tpl').content.firstElementChild.cloneNode(true);
  $('p', made).textContent = text;
  $('#toasts').append(made);
}
on('portal:toast', event => toast(event.detail));

/* Errors and what carries a button stay; the rest goes after 8 s, unless it is being read. */
function arm(each) {
  say(`${$('b', each).textContent}. ${$('p', each).textContent}`);
  if (each.classList.contains('err') || $('form', each)) return;
  let timer;
  const start = () => { timer = setTimeout(() => each.remove(), 8000); }, stop = () => clearTimeout(timer);
  start();
  for (const type of ['mouseenter', 'focusin']) each.addEventListener(type, stop);
  for (const type of ['mouseleave', 'focusout']) each.addEventListener(type, start);
}
/* However a toast arrives, with the page, out of band or by script, it is announced once. */
$$('#toasts .toast').forEach(arm);
new MutationObserver(records => {
  for (const record of records) for (const node of record.addedNodes) if (node.matches?.('.toast')) arm(node);
}).observe($('#toasts'), { childList: true });

/* A dialog is shown as soon as it is put into its place, and gives the focus back when it closes. */
new MutationObserver(() => {
  const dialog = $('#dialog-slot dialog:not([open])'), opener = document.activeElement;
  if (!dialog) return;
  dialog.addEventListener('close', () => { dialog.remove(); if (opener?.isConnected) opener.focus(); });
  dialog.showModal();
}).observe($('#dialog-slot'), { childList: true });

const actions = {
  'close-dialog': button => button.closest('dialog').close(),
  'close-toast': button => button.closest('.toast').remove(),
};
on('click', event => {
  const copy = event.target.closest('[data-copy],[data-copy-from]'), button = event.target.closest('[data-act]');
  if (copy) copyText(copy, copy.dataset.copy ?? $(copy.dataset.copyFrom).textContent);
  if (button && actions[button.dataset.act]) { event.preventDefault(); actions[button.dataset.act](button); }
});
function copyText(button, text) {
  const use = $('use', button), href = use.getAttribute('href');
  const done = () => {
    say('Copied ' + (text.length > 300 ? 'the text' : text));
    use.setAttribute('href', href.replace('#copy', '#check'));
    setTimeout(() => use.setAttribute('href', href), 1600);
  };
  const blocked = () => toast('Copy is blocked by the browser. Select the text instead.');
  if (navigator.clipboard) navigator.clipboard.writeText(text).then(done, blocked); else blocked();
}

on('change', event => { if (event.target.name === 'theme') document.documentElement.dataset.theme = event.target.value; });

/* The filter of the resource menu needs scripts, so a script shows it. */
$('#rm-top')?.removeAttribute('hidden');
on('input', event => {
  if (event.target.id !== 'rm-q') return;
  const text = event.target.value.trim().toLowerCase();
  for (const item of $$('#rmenu li')) item.hidden = !item.textContent.toLowerCase().includes(text);
  if (text) for (const group of $$('#rmenu details')) group.open = true;
});

/* Times come in UTC; people read them in their own zone. */
function localise() {
  for (const each of $$('time:not([title])')) {
    each.title = each.textContent;
    const at = new Date(each.dateTime), timeStyle = each.dataset.clock ? 'medium' : 'short';
    each.textContent = each.dataset.clock === 'only' ? at.toLocaleTimeString([], { timeStyle }) : at.toLocaleString([], { dateStyle: 'medium', timeStyle });
  }
}
localise();

on('htmx:afterSettle', localise);
/* Signing in again in another tab changes the token that this page was given. */
on('htmx:configRequest', ({ detail }) => {
  const token = /csrftoken=([^;]+)/.exec(document.cookie);
  if (token && detail.parameters.csrfmiddlewaretoken) detail.parameters.csrfmiddlewaretoken = token[1];
});
/* A part of the page that is done with once its request succeeded, such as the dialog around a form. */
on('htmx:afterRequest', ({ detail }) => {
  const part = detail.elt.closest(detail.elt.dataset?.closes || 'never');
  if (part && detail.successful) { if (part.close) part.close(); else part.remove(); }
});
for (const type of ['htmx:sendError', 'htmx:timeout', 'htmx:responseError']) {
  on(type, ({ detail: { elt, xhr } }) => {
    /* What asks by itself stays quiet. A refusal comes as one plain sentence. */
    if (elt.matches('#evaluator, #changed-elsewhere')) return;
    const plain = /^text.plain/.test(xhr.getResponseHeader('Content-Type'));
    const told = plain ? xhr.responseText : "The console can't reach the server. Try again.";
    toast(told + ($('#net-form') ? ' Your edits are still here.' : ''));
  });
}
})();
