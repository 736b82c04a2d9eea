/** Servers that show that they keep something of each session: their clients get a process each. */

import { lastOf, membersOf, type Span } from '../messages/json-spans.js';
import { namesIn } from '../messages/message-fields.js';
import { note } from './deliveries.js';
import { clientsOf, type Step, type Upstream } from './share-state.js';

/**
 * A capability of these names says that the server has sessions. No version of the protocol has it; the
 * proposal for sessions in the data layer (MCP, transports working group) puts `session` below
 * `experimental`.
 */
const SESSION_CAPABILITIES = ['session', 'sessions'];

/** @returns why a server is one of them, by its answer to `initialize`; undefined if nothing shows it */
export function sessionSignIn(line: string, result: Span | undefined): string | undefined {
  const capabilities = result && lastOf(membersOf(line, result.from), 'capabilities');
  if (capabilities === undefined) return undefined;
  const experimental = lastOf(membersOf(line, capabilities.from), 'experimental');
  const declared = [capabilities, experimental].flatMap((at) => (at === undefined ? [] : namesIn(line, at)));
  const sign = declared.find((name) => SESSION_CAPABILITIES.includes(name));
  return sign && `the server declares the capability "${sign}"`;
}

/**
 * Clients that did not ask to share are sent away, and come back to a process each.
 * @returns `end`: nobody is left who uses this process
 */
export function separate(step: Step, up: Upstream, why: string): 'end' | 'go-on' {
  if (step.state.terms.sharing === 'per-client' || up.separatedBy !== undefined) return 'go-on';
  up.separatedBy = why;
  const all = clientsOf(step, up.era);
  const leaving = all.filter(({ wish }) => wish === 'by-name').map(({ id }) => id);
  up.greetingWaits = up.greetingWaits.filter(({ client }) => !leaving.includes(client));
  note(step, `${why}: each client gets a process of its own`);
  step.acts.push({ kind: 'separate', clients: leaving, why });
  return all.length > leaving.length ? 'go-on' : 'end';
}
