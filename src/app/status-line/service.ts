/**
 * A status line, and the model of a hot tool: one line of what a shell's prompt or an agent's status bar shows, from a daemon that
 * knows it already. Whatever goes wrong is in the line.
 */

import fs from 'node:fs';
import path from 'node:path';
import { type Colour, colourWanted, diagnosticLine } from '../../domain/diagnostic.js';
import { type Complaint, LINE_TROUBLE, textOf } from '../sentences.js';
import { defineService, type ServiceContext } from '../service.js';
import { VERSION } from '../version.js';
import { shortCauseOf } from './cause.js';
import type { Environment } from './git.js';
import { type GitState, gitStateOf } from './git-state.js';
import { readSession, type Session } from './input.js';
import { type LineRepository, renderLine } from './line.js';
import { readStdin } from './stdin.js';

const INPUT_LIMITS = { waitMs: 1_000, bytes: 1024 * 1024 };
const NO_COLOR_ARGUMENT = '--no-color';

// Callers read the name and the version off the head of the bundle, where `scripts/build.mjs` writes them once more.
export default defineService({ name: 'status-line', version: VERSION, run });

/** @returns 0: who shows a status line shows nothing of a program that fails */
async function run(context: ServiceContext): Promise<number> {
  const colour = colourOf(context);
  let line: string;
  try {
    line = await makeLine(context, colour);
  } catch (error) {
    line = diagnosticLine(textOf(LINE_TROUBLE.broken(shortCauseOf(error))), colour);
  }
  context.stdout.write(`${line}\n`);
  return 0;
}

function colourOf({ args, env }: ServiceContext): Colour {
  return args.includes(NO_COLOR_ARGUMENT) || env.TERM === 'dumb' ? 'plain' : colourWanted(env.NO_COLOR);
}

async function makeLine(context: ServiceContext, colour: Colour): Promise<string> {
  const { args, env, cwd } = context;
  const complaints: Complaint[] = args
    .filter((arg) => arg !== NO_COLOR_ARGUMENT)
    .map((arg) => LINE_TROUBLE.argument(arg));
  const session = await readInput(context, complaints);
  // A shell whose directory has been removed still knows what it was called.
  const directory = path.resolve(cwd || env.PWD || '/', session.directory ?? '');
  const repository = await lookAt(directory, env, complaints);
  const troubles = complaints.map(textOf);
  return renderLine({ directory, home: env.HOME, repository, session, troubles }, colour);
}

async function readInput({ stdin }: ServiceContext, complaints: Complaint[]): Promise<Session> {
  const reading = await readStdin(stdin, INPUT_LIMITS);
  switch (reading.kind) {
    case 'too-long':
      complaints.push(LINE_TROUBLE.tooLong(INPUT_LIMITS.bytes));
      return {};
    case 'failed':
      complaints.push(LINE_TROUBLE.unread(reading.cause));
      return {};
    case 'endless':
      complaints.push(LINE_TROUBLE.endless(INPUT_LIMITS.waitMs));
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
  env: Environment,
  complaints: Complaint[],
): Promise<LineRepository | undefined> {
  let real: string;
  try {
    real = fs.realpathSync.native(directory);
  } catch (error) {
    complaints.push(LINE_TROUBLE.directory(shortCauseOf(error)));
    return undefined;
  }
  const state = await gitStateOf(real, env);
  if (state?.complaint !== undefined) complaints.push(state.complaint);
  return state === undefined ? undefined : repositoryIn(state, real);
}

function repositoryIn({ root, head, status, operation }: GitState, real: string): LineRepository {
  return { name: path.basename(root), inside: path.relative(root, real), head, status, operation };
}
