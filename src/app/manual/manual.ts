/** The commands that explain solod. They look at nothing but their own tables. */

import { COMMANDS } from '../options/command-table.js';
import type { Complaint } from '../texts/complaint.js';
import { USAGE } from '../texts/usage-text.js';
import { completionScript, isShell, SHELLS } from './completion.js';
import { explanation, explanationFacts, findCode, similarCodes } from './explain.js';
import { similarWords } from './similar-words.js';
import { findTopic, TOPICS, topicList, topicText } from './topics.js';

export { manPage } from './man-page.js';

export type ManualCommand = 'explain' | 'completion' | 'help';

export type ManualAnswer =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'unknown'; readonly complaint: Complaint };

const found = (text: string): ManualAnswer => ({ kind: 'text', text });
const unknown = (complaint: Complaint): ManualAnswer => ({ kind: 'unknown', complaint });

/** @param word what is to be explained: a code, a shell or a topic */
export function consult(command: ManualCommand, word: string, form: 'json' | 'text'): ManualAnswer {
  switch (command) {
    case 'explain': {
      const code = findCode(word);
      if (code === undefined) return unknown(USAGE.code(word, similarCodes(word)));
      return found(form === 'json' ? `${JSON.stringify(explanationFacts(code))}\n` : explanation(code));
    }
    case 'completion':
      return isShell(word) ? found(completionScript(word)) : unknown(USAGE.shell(word, SHELLS));
    case 'help':
      return help(word);
  }
}

const SIMILAR_MAX = 3;

function help(word: string): ManualAnswer {
  const topic = findTopic(word);
  if (topic === 'topics') return found(topicList());
  if (topic !== undefined) return found(topicText(topic));
  const known = [...Object.keys(COMMANDS), ...Object.keys(TOPICS)];
  return unknown(USAGE.topic(word, Object.keys(TOPICS), similarWords(word, known, SIMILAR_MAX)));
}
