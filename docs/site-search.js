// Search for the code of a message leads to its entry, and that result comes first.
const PAGE = '/Troubleshooting_by_message.html';
const input = document.getElementById('tsd-search-input');
const results = document.getElementById('tsd-search-results');

new MutationObserver(() => {
  const [code] = /^SOLOD_E_\w+$/.exec(input.value.trim().toUpperCase()) ?? [];
  const page = [...results.querySelectorAll('a')].find(({ pathname }) => pathname.endsWith(PAGE));
  // Moving a result is a change, too: the second time there is nothing to do.
  if (code === undefined || page === undefined || page.hash !== '') return;
  page.hash = code.toLowerCase();
  results.prepend(page.closest('li'));
}).observe(results, { childList: true });
