/** `solod logs`: what the daemon of a name wrote, also one that failed to start. */

import { setTimeout as delay } from 'node:timers/promises';
import { causeOfStream } from '../../../adapters/errno.js';
import { NAMES } from '../../../domain/place/layout.js';
import { lastLines, latestRun } from '../../../domain/text/log-parts.js';
import { printableBytes } from '../../../domain/text/printable.js';
import type { Cause } from '../../../ports/readings.js';
import { EXIT, exitCodeOfOutput } from '../../environment/exit-codes.js';
import { StandardOutput } from '../../environment/sync-stdout.js';
import { isTerminal } from '../../environment/terminals.js';
import type { Target } from '../../library/daemon-target.js';
import type { CommandOptions } from '../../options/option-table.js';
import type { LogText } from '../../platforms/host.js';
import { readerHasLeft } from '../../platforms/node-platform.js';
import { COMMAND_TROUBLE } from '../../texts/command-text.js';
import { messageOf } from '../../texts/complaint.js';
import { TROUBLE } from '../../texts/runtime-text.js';
import { USAGE } from '../../texts/usage-text.js';
import { complain, jsonLine, type Parts } from '../command-parts.js';
import { withNamed } from '../named-daemon.js';

/** How often a followed log is read, in milliseconds. */
const LOOK_MS = 100;

export class LogsCommand {
  constructor(private readonly parts: Parts) {}

  run(service: string | undefined, options: CommandOptions): Promise<number> {
    return withNamed(this.parts, service, options, (target) => this.#show(target, options));
  }

  async #show({ label, place }: Target, options: CommandOptions): Promise<number> {
    const { host, output } = this.parts;
    const { follow, json } = options;
    if (follow && json) return complain(output, USAGE.apart('--follow', '--json'));
    const file = `${place.directory}/${NAMES.log}`;
    const reader = host.logReader(place.directory);
    const whole = reader.whole();
    if (whole === undefined && !follow)
      return complain(output, COMMAND_TROUBLE.noLog(label, file), EXIT.unavailable);
    if (whole === undefined) output.complain(messageOf(COMMAND_TROUBLE.noLogYet(label, file)));
    const text = selected(whole ?? '', options);
    if (!json) return this.#printed(reader, text, follow ? 'follow' : 'end');
    output.print(jsonLine({ name: label, path: file, lines: linesOf(text) }));
    return EXIT.ok;
  }

  /** An interrupt ends the process at once: there is nothing to clean up. */
  async #printed(reader: LogText, first: string, manner: 'end' | 'follow'): Promise<number> {
    const broken = await printed(reader, first, manner);
    if (broken === undefined) return EXIT.ok;
    if (broken.code !== 'EPIPE') this.parts.output.complain(messageOf(TROUBLE.stream('stdout', broken)));
    return exitCodeOfOutput(broken);
  }
}

function selected(whole: string, { previous, lines }: CommandOptions): string {
  const text = previous ? whole : latestRun(whole);
  return lines === undefined ? text : lastLines(text, lines);
}

/** The reader's text has one character per byte. */
const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1');

function linesOf(text: string): readonly string[] {
  const lines = bytesOf(text).toString('utf8').split('\n');
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

/** @returns why stdout takes no more; undefined at the end of a log that is not followed */
async function printed(reader: LogText, first: string, manner: 'end' | 'follow'): Promise<Cause | undefined> {
  const stdout = new StandardOutput(1);
  const shown = isTerminal(1) ? printableBytes : (text: string) => text;
  let broken: Cause | undefined;
  if (manner === 'follow')
    void readerHasLeft(1).then(() => {
      broken ??= { code: 'EPIPE', message: 'its reader has left' };
    });
  stdout.on('error', (error) => {
    broken ??= causeOfStream(error);
  });
  for (let text = first; ; text = reader.more()) {
    if (text !== '') await written(stdout, shown(text));
    if (broken !== undefined || manner === 'end') return broken;
    await delay(LOOK_MS);
  }
}

/** Resolves also if the text could not be written: the stream's error tells. */
function written(stdout: StandardOutput, text: string): Promise<void> {
  return new Promise((resolve) => {
    stdout.write(bytesOf(text), () => setImmediate(resolve));
  });
}
