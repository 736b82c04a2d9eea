/** `solod logs`: what the daemon of a name, or one that failed to start, wrote. */

import { setTimeout as delay } from 'node:timers/promises';
import { readerHasLeft } from '../../../adapters/node/files/output-reader.js';
import { LogReader } from '../../../adapters/node/logs/log-reader.js';
import { NAMES } from '../../../domain/place/layout.js';
import { lastLines, latestRun } from '../../../domain/text/log-parts.js';
import { printableBytes } from '../../../domain/text/printable.js';
import { EXIT, exitCodeOfOutput } from '../../environment/exit-codes.js';
import { StandardOutput } from '../../environment/sync-stdout.js';
import { isTerminal } from '../../environment/terminals.js';
import type { Target } from '../../library/daemon-target.js';
import type { CommandOptions } from '../../options/option-table.js';
import { type Complaint, TROUBLE, textOf, USAGE } from '../../texts/failure-text.js';
import { complain, complainOf, type Parts, resolveNamed } from '../facts.js';

/** How often a log that is followed is looked at. */
const LOOK_MS = 100;

export class LogsCommand {
  constructor(private readonly parts: Parts) {}

  async run(service: string | undefined, options: CommandOptions): Promise<number> {
    const { host, output } = this.parts;
    const target = resolveNamed(host, service, options);
    if (target.kind === 'failed') return complainOf(output, target.failure);
    if (options.follow && options.json) return complain(output, USAGE.apart('--follow', '--json'));
    const { label, place } = target.value;
    const reader = new LogReader(place.directory);
    const whole = reader.whole();
    if (whole === undefined) output.complain(textOf(noLog(target.value, options.follow)));
    if (whole === undefined && !options.follow) return EXIT.unavailable;
    const text = selected(whole ?? '', options);
    if (options.json) {
      const path = `${place.directory}/${NAMES.log}`;
      output.print(`${JSON.stringify({ name: label, path, lines: linesOf(text) })}\n`);
      return EXIT.ok;
    }
    return printed(reader, text, options.follow ? 'follow' : 'end');
  }
}

function noLog({ label, place }: Target, follow: boolean): Complaint {
  const file = `${place.directory}/${NAMES.log}`;
  return follow ? TROUBLE.noLogYet(label, file) : TROUBLE.noLog(label, file);
}

function selected(whole: string, { previous, lines }: CommandOptions): string {
  const text = previous ? whole : latestRun(whole);
  return lines === undefined ? text : lastLines(text, lines);
}

/** The reader's text has one character a byte. */
const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1');

function linesOf(text: string): readonly string[] {
  const lines = bytesOf(text).toString('utf8').split('\n');
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

/** An interrupt ends the process, as the system has it: there is nothing to clear up. */
async function printed(reader: LogReader, first: string, manner: 'end' | 'follow'): Promise<number> {
  const stdout = new StandardOutput(1);
  const shown = isTerminal(1) ? printableBytes : (text: string) => text;
  let isRead = true;
  if (manner === 'follow')
    void readerHasLeft(1).then(() => {
      isRead = false;
    });
  let broken: NodeJS.ErrnoException | undefined;
  stdout.on('error', (error) => {
    broken = error;
  });
  for (let text = first; ; text = reader.more()) {
    if (text !== '') await written(stdout, shown(text));
    if (broken !== undefined) return exitCodeOfOutput(broken);
    if (manner === 'end') return EXIT.ok;
    if (!isRead) return exitCodeOfOutput({ code: 'EPIPE' });
    await delay(LOOK_MS);
  }
}

/** Also where it could not be written: the stream's error tells. */
function written(stdout: StandardOutput, text: string): Promise<void> {
  return new Promise((resolve) => {
    stdout.write(bytesOf(text), () => setImmediate(resolve));
  });
}
