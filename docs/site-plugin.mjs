// Titles and groups of the pages: a page has the title of its first heading, and the group of docs/index.md.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Converter, RendererEvent } from 'typedoc';

const DOCS = import.meta.dirname;

/** Both begin with the name of the site, which is the title of its home page. */
const NAMED = new Map([
  [path.join(DOCS, 'index.md'), 'All pages'],
  [path.join(DOCS, '../README.md'), 'README'],
]);

/** The heading of docs/index.md below which a page is linked. @returns {Map<string, string>} by path */
function groupsOfIndex() {
  const groups = new Map();
  let heading = '';
  for (const line of readFileSync(path.join(DOCS, 'index.md'), 'utf8').split('\n')) {
    heading = /^## (.*)$/.exec(line)?.[1] ?? heading;
    for (const [, target] of line.matchAll(/\]\(([^)#]+\.md)/g)) groups.set(path.join(DOCS, target), heading);
  }
  return groups;
}

/** Of pages of which the index names only the first, or none. */
const FOLDERS = [
  [path.join(DOCS, 'commands') + path.sep, 'Commands'],
  [path.join(DOCS, 'decisions') + path.sep, 'Decisions'],
  [path.join(DOCS, '../examples') + path.sep, 'Examples'],
];

/** What a program imports, by the name of the file behind it. */
const MODULES = new Map([
  ['index', 'solod'],
  ['testing', 'solod/testing'],
]);

/** A folder of the repository is not on the site: only its name stays of a link to it. */
function unlinkFolders(outputDirectory) {
  for (const name of readdirSync(outputDirectory, { recursive: true })) {
    if (!name.endsWith('.html')) continue;
    const file = path.join(outputDirectory, name);
    const html = readFileSync(file, 'utf8');
    const isThere = (target) => existsSync(path.join(path.dirname(file), target));
    const kept = html.replace(/<a href="([^"]*\/?media\/[^"]+)"[^>]*>(.*?)<\/a>/g, (link, target, text) =>
      isThere(decodeURIComponent(target)) ? link : text,
    );
    if (kept !== html) writeFileSync(file, kept);
  }
}

/**
 * What TypeDoc's search gets wrong, and what is right. lunr names a node of its index by labels and numbers without
 * anything between them, so words with digits are mixed up. TypeDoc ignores what is typed before the index is loaded.
 * It hands what is typed to lunr's query language, in which a dash, a colon and a plus mean something else.
 */
const SEARCH_FIXES = [
  [
    `let a=i.split(" ").map(c=>c.length?\`*\${c}*\`:"").join(" ");s=r.index.search(a).filter(`,
    's=window.solodSearch(r.index,r.data.rows,i).filter(',
  ],
  ['e=e+s+o.id', 'e=e+s+":"+o.id+","'],
  [
    't.index=Ie.Index.load(n.index),e.innerHTML=""',
    't.index=Ie.Index.load(n.index),e.innerHTML="",document.getElementById("tsd-search-input").dispatchEvent(new Event("input"))',
  ],
];

/** A priority: TypeDoc copies its scripts at the same event. */
const AFTER_ASSETS = -1_000;

function fixSearch(outputDirectory) {
  const file = path.join(outputDirectory, 'assets', 'main.js');
  const fixed = SEARCH_FIXES.reduce(
    (script, [wrong, right]) => {
      if (script.split(wrong).length !== 2)
        throw new Error(`TypeDoc's search has changed: ${wrong} is not in it`);
      return script.replace(wrong, () => right);
    },
    readFileSync(file, 'utf8'),
  );
  writeFileSync(file, fixed);
}

/** @param {import('typedoc').Application} app */
export function load(app) {
  const groups = groupsOfIndex();
  const groupOf = (file) =>
    FOLDERS.find(([folder]) => file.startsWith(folder))?.[1] ?? groups.get(file) ?? 'The project';
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_, document) => {
    const [first] = document.content;
    const [, title] = /^\s*# (.+)\n/.exec(first?.text ?? '') ?? [];
    if (title === undefined) throw new Error(`${document.name} does not begin with a heading`);
    const file = document.project.files.getReflectionPath(document);
    document.name = NAMED.get(file) ?? title.replaceAll('`', '');
    document.frontmatter.group = groupOf(file);
  });
  app.renderer.postRenderAsyncJobs.push(async (event) => unlinkFolders(event.outputDirectory));
  app.renderer.on(RendererEvent.END, (event) => fixSearch(event.outputDirectory), AFTER_ASSETS);
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const module of project.children ?? []) module.name = MODULES.get(module.name) ?? module.name;
    // People who search for "memory" or "kill" mean their daemon, and not that of a simulation.
    for (const reflection of Object.values(project.reflections))
      if (reflection.getFullName().startsWith('solod/testing.')) reflection.relevanceBoost = 0.2;
  });
}
