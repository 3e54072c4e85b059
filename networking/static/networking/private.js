/* Private access: select all, commands that wait for a choice, lists that follow each other. All of it works without. */
(() => {
'use strict';
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const say = text => document.dispatchEvent(new CustomEvent('portal:say', { detail: text }));

/* Of the chosen region's networks, and of the chosen network's subnets, only those are offered. */
function follow(leader, follower) {
  for (const option of $$('option[data-within]', follower)) {
    option.hidden = option.disabled = !!leader.value && option.dataset.within !== leader.value;
    if (option.disabled && option.selected) follower.value = '';
  }
  for (const group of $$('optgroup', follower)) group.hidden = $$('option', group).every(option => option.hidden);
}
const lists = ['region', 'network', 'subnet'].map(name => document.getElementById('id_' + name));
function followAll() { lists.slice(1).forEach((list, at) => follow(lists[at], list)); }
if (lists.every(Boolean)) {
  /* A refused form keeps what was chosen: there nothing is left out until somebody chooses anew. */
  if (!document.getElementById('error-summary')) followAll();
  document.addEventListener('change', event => { if (lists.includes(event.target)) followAll(); });
}

const all = document.getElementById('pe-all'), boxes = () => $$('[name=id][form=pe-form]');
const commands = $$('.cmd[form=pe-form]');
function refresh() {
  const chosen = boxes().filter(box => box.checked).length;
  for (const command of commands) {
    if (chosen) command.removeAttribute('aria-disabled'); else command.setAttribute('aria-disabled', 'true');
  }
  if (!all) return;
  const box = all.querySelector('input');
  box.checked = chosen > 0 && chosen === boxes().length;
  box.indeterminate = chosen > 0 && !box.checked;
}
if (all) {
  all.hidden = false;
  all.addEventListener('change', event => { for (const box of boxes()) box.checked = event.target.checked; refresh(); });
}
document.addEventListener('change', event => { if (event.target.name === 'id') refresh(); });
document.addEventListener('click', event => {
  if (!event.target.closest('.cmd[aria-disabled=true]')) return;
  event.preventDefault();
  say('Select a connection first.');
});
addEventListener('pageshow', refresh); /* a page that comes back keeps its ticks */
refresh();
})();
