/**
 * The status line: one line for a shell's prompt or an agent's status bar, from a daemon that knows it
 * already. Errors are shown in the line.
 */

import fs from 'node:fs';
import path from 'node:path';
import { type Colour, colourWanted } from '../../domain/text/one-line.js';
import { VERSION } from '../environment/version.js';
import { defineService, type ServiceContext } from '../service/define-service.js';
import type { Complaint } from '../texts/complaint.js';
import { parseDurationMs } from '../texts/duration.js';
import { LINE_TROUBLE } from '../texts/status-line-text.js';
import { type GitState, gitStateOf } from './git-state.js';
import { readSession, type Session } from './input.js';
import { type LineRepository, renderLine, troubleText } from './line.js';
import { readStdin } from './stdin.js';
import { shortCauseOf } from './stream-cause.js';

const INPUT_BYTES_MAX = 1024 * 1024;
const INPUT_MS = 1_000;
/** A prompt must not take longer. */
const GIT_MS = 500;
/** The longest limit that a caller may ask for. */
const TIMEOUT_MAX_MS = 60_000;

// Callers read name and version off the head of the bundle, where `scripts/build.mjs` writes them too.
export default defineService({ name: 'status-line', version: VERSION, callProcess: 'shared', run });

/** @returns 0: status bars show nothing if the program fails */
async function run(context: ServiceContext): Promise<number> {
  const asked = readArguments(context);
  let line: string;
  try {
    line = await makeLine(context, asked);
  } catch (error) {
    line = troubleText([LINE_TROUBLE.broken(shortCauseOf(error))], asked.colour);
  }
  context.stdout.write(`${line}\n`);
  return 0;
}

interface Asked {
  readonly colour: Colour;
  /** How long to wait for the end of stdin. */
  readonly inputMs: number;
  /** How long to wait for git. */
  readonly gitMs: number;
  readonly unknown: readonly string[];
}

function readArguments({ args, env }: ServiceContext): Asked {
  let colour = env.TERM === 'dumb' ? 'plain' : colourWanted(env.NO_COLOR);
  let waits = { inputMs: INPUT_MS, gitMs: GIT_MS };
  const unknown: string[] = [];
  for (const arg of args) {
    const timeoutMs = parseDurationMs(/^--timeout=(.*)$/s.exec(arg)?.[1] ?? '');
    if (arg === '--no-color') colour = 'plain';
    else if (timeoutMs === undefined || timeoutMs > TIMEOUT_MAX_MS) unknown.push(arg);
    else waits = { inputMs: timeoutMs, gitMs: timeoutMs };
  }
  return { colour, ...waits, unknown };
}

async function makeLine(
  context: ServiceContext,
  { colour, inputMs, gitMs, unknown }: Asked,
): Promise<string> {
  const { env, cwd } = context;
  const complaints: Complaint[] = unknown.map((arg) => LINE_TROUBLE.argument(arg));
  const session = await readInput(context, inputMs, complaints);
  // A shell whose directory was removed still has its name.
  const directory = path.resolve(cwd || env.PWD || '/', session.directory ?? '');
  const repository = await lookAt(directory, (real) => gitStateOf(real, env, gitMs), complaints);
  return renderLine({ directory, home: env.HOME, repository, session, troubles: complaints }, colour);
}

async function readInput(
  { stdin }: ServiceContext,
  waitMs: number,
  complaints: Complaint[],
): Promise<Session> {
  const reading = await readStdin(stdin, { waitMs, bytes: INPUT_BYTES_MAX });
  switch (reading.kind) {
    case 'too-long':
      complaints.push(LINE_TROUBLE.tooLong(INPUT_BYTES_MAX));
      return {};
    case 'failed':
      complaints.push(LINE_TROUBLE.unread(reading.cause));
      return {};
    case 'endless':
      complaints.push(LINE_TROUBLE.endless(waitMs));
      return understand(reading.text, []);
    case 'read':
      return understand(reading.text, complaints);
  }
}

function understand(json: string, complaints: Complaint[]): Session {
  const input = readSession(json);
  switch (input.kind) {
    case 'no-object':
      complaints.push(LINE_TROUBLE.noObject());
      return {};
    case 'session':
      if (input.wrong.length > 0) complaints.push(LINE_TROUBLE.keys(input.wrong));
      return input.session;
  }
}

async function lookAt(
  directory: string,
  ask: (real: string) => Promise<GitState | undefined>,
  complaints: Complaint[],
): Promise<LineRepository | undefined> {
  let real: string;
  try {
    real = fs.realpathSync.native(directory);
  } catch (error) {
    complaints.push(LINE_TROUBLE.directory(shortCauseOf(error)));
    return undefined;
  }
  const state = await ask(real);
  if (state === undefined) return undefined;
  if (state.complaint !== undefined) complaints.push(state.complaint);
  const { root, head, status, operation } = state;
  return { name: path.basename(root), inside: path.relative(root, real), head, status, operation };
}
