// What somebody types finds pages also with a typing mistake, an option with its dashes, or a whole message. The code of a
// message leads to its entry.
const PAGE = '/Troubleshooting_by_message.html';
const CODE = /^\[?(?:SOLOD_)?(?:E_)?([A-Z_]+)\]?$/;
const LONGEST = 8;
const ENDING = /(?<=.{4})(?:ations?|ing|ed|s)$/;

/** What people call it, and what the pages say. */
const SAME = {
  benchmark: 'performance',
  benchmarks: 'performance',
  checksum: 'sha256sums',
  husky: 'hook',
  licence: 'mit',
  license: 'mit',
  lockfile: 'lock',
  pidfile: 'pid',
};

const results = document.getElementById('tsd-search-results');
let anchor;

/** The code that is meant, if one of that name is on the page of codes. */
function codeIn(index, text) {
  const upper = text.toUpperCase();
  const [, written] = /SOLOD_E_([A-Z_]*[A-Z])/.exec(upper) ?? CODE.exec(upper.replaceAll('-', '_')) ?? [];
  if (written === undefined) return undefined;
  const code = `solod_e_${written.toLowerCase()}`;
  return index.query((query) => query.term(code, {})).length > 0 ? code : undefined;
}

const wordsIn = (text) => {
  const words = text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? [];
  const long = words.filter((word) => word.length > 2);
  return (long.length > 0 ? long : words).slice(0, LONGEST).map((word) => SAME[word] ?? word);
};

/** TypeDoc asks this for pages. `index` is lunr's, `rows` are the pages by number. */
window.solodSearch = (index, rows, text) => {
  anchor = codeIn(index, text);
  if (anchor !== undefined) return index.query((query) => query.term(anchor, {}));
  const words = wordsIn(text);
  if (words.length === 0) return [];
  const found = index.query((query) => {
    for (const word of words) {
      query.term(word, { boost: 5 });
      // Within other words only what is long enough to mean something: "mit" is in "commit".
      query.term(word.length > 3 ? `*${word}*` : `${word}*`, { usePipeline: false });
      query.term(`${word.replace(ENDING, '')}*`, { usePipeline: false });
    }
  });
  // An option is looked for where its command is described.
  if (text.startsWith('-'))
    for (const page of found) if (/^solod \w/.test(rows[Number(page.ref)].name)) page.score *= 20;
  return found.length > 0 ? found : mistyped(index, words);
};

function mistyped(index, words) {
  for (const editDistance of [1, 2]) {
    const found = index.query((query) => {
      for (const word of words) if (word.length > 3) query.term(word, { editDistance });
    });
    if (found.length > 0) return found;
  }
  return [];
}

new MutationObserver(() => {
  const page = [...results.querySelectorAll('a')].find(({ pathname }) => pathname.endsWith(PAGE));
  // Moving a result is a change, too: the second time there is nothing to do.
  if (anchor === undefined || page === undefined || page.hash !== '') return;
  page.hash = anchor;
  results.prepend(page.closest('li'));
}).observe(results, { childList: true });
