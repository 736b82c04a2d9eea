/** The composition root: the one place where the container is built. */

import 'reflect-metadata';
import { Container, type ServiceIdentifier } from 'inversify';
import { ListCommand, type Output, Parts, RestartCommand, StatusCommand, StopCommand } from './facts.js';
import { Host, platformOf } from './host.js';
import { Inspector } from './inspection.js';

export type { Output };

const token = <T>(name: string): ServiceIdentifier<T> => Symbol.for(`solod/${name}`);

const TOKENS = {
  output: token<Output>('output'),
  host: token<Host>('host'),
  inspector: token<Inspector>('inspector'),
  parts: token<Parts>('parts'),
  status: token<StatusCommand>('status'),
  stop: token<StopCommand>('stop'),
  restart: token<RestartCommand>('restart'),
  list: token<ListCommand>('list'),
} as const;

export interface Commands {
  readonly status: StatusCommand;
  readonly stop: StopCommand;
  readonly restart: RestartCommand;
  readonly list: ListCommand;
}

/** @param output where facts, complaints and progress go */
export function commands(output: Output): Commands {
  const container = new Container({ defaultScope: 'Singleton' });
  container.bind(TOKENS.output).toConstantValue(output);
  container.bind(TOKENS.host).toResolvedValue(() => new Host());
  container
    .bind(TOKENS.inspector)
    .toResolvedValue(
      (host: Host) =>
        new Inspector({ files: host.files, probe: () => host.probe(), platform: platformOf() ?? 'linux' }),
      [TOKENS.host],
    );
  container
    .bind(TOKENS.parts)
    .toResolvedValue(
      (host: Host, inspector: Inspector, to: Output) => new Parts(host, inspector, to),
      [TOKENS.host, TOKENS.inspector, TOKENS.output],
    );
  container.bind(TOKENS.list).toResolvedValue((parts: Parts) => new ListCommand(parts), [TOKENS.parts]);
  container
    .bind(TOKENS.status)
    .toResolvedValue(
      (parts: Parts, list: ListCommand) => new StatusCommand(parts, list),
      [TOKENS.parts, TOKENS.list],
    );
  container.bind(TOKENS.stop).toResolvedValue((parts: Parts) => new StopCommand(parts), [TOKENS.parts]);
  container.bind(TOKENS.restart).toResolvedValue((parts: Parts) => new RestartCommand(parts), [TOKENS.parts]);
  return {
    status: container.get(TOKENS.status),
    stop: container.get(TOKENS.stop),
    restart: container.get(TOKENS.restart),
    list: container.get(TOKENS.list),
  };
}
