/** `solod gc`: removes what is proven dead, and says what. */

import type { Failure } from '../../../domain/failure.js';
import { type CollectOutcome, collectGarbage } from '../../../domain/gc/collect-garbage.js';
import type { Place } from '../../../domain/place/layout.js';
import { collectParts } from '../../../domain/place/take-root.js';
import { run, runSync } from '../../../domain/procedure/run.js';
import type { FileSystem } from '../../../ports/file-system.js';
import type { Done } from '../../../ports/readings.js';
import { EXIT, exitCodeOf } from '../../environment/exit-codes.js';
import type { CommandOptions } from '../../options/option-table.js';
import { portsOf } from '../../platforms/host.js';
import type { Resolved } from '../../service/service-file.js';
import { codeOf, failureMessage } from '../../texts/failure-sentence.js';
import { complainOf, type Parts, printAs } from '../command-parts.js';
import { emptyPlacesIn, placesIn } from '../find-names.js';
import { forbiddenList } from '../forbidden-access.js';
import { derivedFor, isNamed, placesQueryOf, resolveNamed } from '../named-daemon.js';

const PROBE_MS = 300;

export class CollectCommand {
  constructor(private readonly parts: Parts) {}

  async run(service: string | undefined, options: CommandOptions): Promise<number> {
    const { output } = this.parts;
    const places = this.#places(service, options);
    if (places.kind === 'failed') return complainOf(output, places.failure);
    const collected: Collected[] = [];
    for (const place of places.value)
      collected.push({ directory: place.directory, outcome: await this.#collect(place, options) });
    const parts = isNamed(service, options) ? [] : this.#collectParts(options);
    const verb = options.dryRun ? 'would remove' : 'removed';
    const lines = [
      ...collected.map((one) => linesOf(one, verb)),
      ...parts.map((path) => `${verb} ${path}\n`),
    ];
    const facts = [
      ...collected.map(factsOf),
      ...parts.map((directory) => ({ directory, kind: 'removed-part' })),
    ];
    printAs(output, options, facts, lines.join(''));
    const failures = collected.flatMap(failuresOf);
    for (const failure of failures) output.complain(failureMessage(failure));
    const [first] = failures;
    return first === undefined ? EXIT.ok : exitCodeOf(first);
  }

  #places(service: string | undefined, options: CommandOptions): Resolved<readonly Place[]> {
    const { host } = this.parts;
    if (isNamed(service, options)) {
      const target = resolveNamed(host, service, options);
      return target.kind === 'failed' ? target : { kind: 'resolved', value: [target.value.place] };
    }
    const query = placesQueryOf(host, options);
    const failure = forbiddenList(host.files, query.root);
    if (failure !== undefined) return { kind: 'failed', failure };
    return { kind: 'resolved', value: [...placesIn(query), ...emptyPlacesIn(query)] };
  }

  /** Parts of scopes that have not been seen for a month. */
  #collectParts(options: CommandOptions): readonly string[] {
    const { host } = this.parts;
    const derived = derivedFor(host, options);
    if (derived.kind !== 'place') return [];
    const files = options.dryRun ? untouched(host.files) : host.files;
    return runSync(collectParts(derived.asked), { ...portsOf(host), files });
  }

  async #collect(place: Place, options: CommandOptions): Promise<CollectOutcome> {
    const { host } = this.parts;
    const files = options.dryRun ? untouched(host.files) : host.files;
    const probe = host.probe();
    const plan = {
      place,
      userId: host.userId,
      nonce: host.nonce(),
      platform: host.platform,
      probeMs: PROBE_MS,
    };
    const outcome = await run(collectGarbage(plan), { ...portsOf(host), files, probe });
    probe.drop();
    return outcome;
  }
}

/** A file system on which every change seems to succeed and none happens. */
function untouched(files: FileSystem): FileSystem {
  const pretend = (): Done => ({ kind: 'done' });
  return { ...files, rename: pretend, removeFile: pretend, removeDirectory: pretend, removeTree: pretend };
}

interface Collected {
  readonly directory: string;
  readonly outcome: CollectOutcome;
}

function factsOf(collected: Collected): object {
  const { directory, outcome } = collected;
  const codes = failuresOf(collected).map(codeOf);
  return codes.length === 0 ? { directory, ...outcome } : { directory, ...outcome, codes };
}

function linesOf({ directory, outcome }: Collected, verb: string): string {
  switch (outcome.kind) {
    case 'collected':
      return outcome.removed.map((name) => `${verb} ${directory}/${name}\n`).join('');
    case 'removed-empty':
      return `${verb} ${directory}\n`;
    case 'absent':
    case 'distrusted':
    case 'failed':
      return '';
  }
}

function failuresOf({ directory, outcome }: Collected): Failure[] {
  switch (outcome.kind) {
    case 'collected':
      return outcome.kept.map(({ name, cause }) => ({
        kind: 'not-removed',
        path: `${directory}/${name}`,
        cause,
      }));
    case 'distrusted':
      return [{ kind: 'state-directory-distrusted', path: outcome.path, why: outcome.why }];
    case 'failed':
      return [{ kind: 'state-directory-unusable', path: outcome.path, cause: outcome.cause }];
    case 'removed-empty':
    case 'absent':
      return [];
  }
}
