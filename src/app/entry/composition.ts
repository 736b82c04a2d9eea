/** The composition root: the one place where the container is built. */

import 'reflect-metadata';
import { Container, type ServiceIdentifier } from 'inversify';
import { nodeDocuments } from '../../adapters/node/files/documents.js';
import { type Output, Parts } from '../commands/command-parts.js';
import { Inspector } from '../commands/daemon-inspector.js';
import { DoctorCommand } from '../commands/doctor/doctor.js';
import { CollectCommand } from '../commands/gc/gc.js';
import { CommandSetup } from '../commands/install/install-command.js';
import { ManagerSetup } from '../commands/install/manager-setup.js';
import { ListCommand } from '../commands/list.js';
import { LogsCommand } from '../commands/logs/logs.js';
import { RestartCommand } from '../commands/restart.js';
import { SpawnsCommand } from '../commands/spawns/spawns.js';
import { StatsCommand } from '../commands/stats/stats.js';
import { StatusCommand } from '../commands/status.js';
import { StopCommand } from '../commands/stop.js';
import { StopAllCommand } from '../commands/stop-all.js';
import { Host } from '../environment/node-host.js';

const token = <T>(name: string): ServiceIdentifier<T> => Symbol.for(`solod/${name}`);

const TOKENS = {
  output: token<Output>('output'),
  host: token<Host>('host'),
  inspector: token<Inspector>('inspector'),
  parts: token<Parts>('parts'),
  status: token<StatusCommand>('status'),
  stop: token<StopCommand>('stop'),
  stopAll: token<StopAllCommand>('stopAll'),
  restart: token<RestartCommand>('restart'),
  list: token<ListCommand>('list'),
  doctor: token<DoctorCommand>('doctor'),
  gc: token<CollectCommand>('gc'),
  logs: token<LogsCommand>('logs'),
  spawns: token<SpawnsCommand>('spawns'),
  stats: token<StatsCommand>('stats'),
  managerSetup: token<ManagerSetup>('managerSetup'),
  commandSetup: token<CommandSetup>('commandSetup'),
} as const;

export interface Commands {
  readonly status: StatusCommand;
  readonly stop: StopCommand;
  readonly stopAll: StopAllCommand;
  readonly restart: RestartCommand;
  readonly list: ListCommand;
  readonly doctor: DoctorCommand;
  readonly gc: CollectCommand;
  readonly logs: LogsCommand;
  readonly spawns: SpawnsCommand;
  readonly stats: StatsCommand;
  readonly managerSetup: ManagerSetup;
  readonly commandSetup: CommandSetup;
}

/** @param output where facts, complaints and progress go */
export function commands(output: Output): Commands {
  const container = new Container({ defaultScope: 'Singleton' });
  container.bind(TOKENS.output).toConstantValue(output);
  container.bind(TOKENS.host).toResolvedValue(() => new Host());
  container.bind(TOKENS.inspector).toResolvedValue(
    (host: Host) =>
      new Inspector({
        files: host.files,
        probe: () => host.probe(),
        platform: host.platform,
        processes: host.processes,
      }),
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
  container.bind(TOKENS.stopAll).toResolvedValue((parts: Parts) => new StopAllCommand(parts), [TOKENS.parts]);
  container.bind(TOKENS.restart).toResolvedValue((parts: Parts) => new RestartCommand(parts), [TOKENS.parts]);
  container.bind(TOKENS.doctor).toResolvedValue((parts: Parts) => new DoctorCommand(parts), [TOKENS.parts]);
  container.bind(TOKENS.gc).toResolvedValue((parts: Parts) => new CollectCommand(parts), [TOKENS.parts]);
  container.bind(TOKENS.logs).toResolvedValue((parts: Parts) => new LogsCommand(parts), [TOKENS.parts]);
  container.bind(TOKENS.spawns).toResolvedValue((parts: Parts) => new SpawnsCommand(parts), [TOKENS.parts]);
  container.bind(TOKENS.stats).toResolvedValue((parts: Parts) => new StatsCommand(parts), [TOKENS.parts]);
  container
    .bind(TOKENS.managerSetup)
    .toResolvedValue((parts: Parts) => new ManagerSetup(parts, process.env), [TOKENS.parts]);
  container
    .bind(TOKENS.commandSetup)
    .toResolvedValue((parts: Parts) => new CommandSetup(parts, nodeDocuments(), process.env), [TOKENS.parts]);
  return {
    status: container.get(TOKENS.status),
    stop: container.get(TOKENS.stop),
    stopAll: container.get(TOKENS.stopAll),
    restart: container.get(TOKENS.restart),
    list: container.get(TOKENS.list),
    doctor: container.get(TOKENS.doctor),
    gc: container.get(TOKENS.gc),
    logs: container.get(TOKENS.logs),
    spawns: container.get(TOKENS.spawns),
    stats: container.get(TOKENS.stats),
    managerSetup: container.get(TOKENS.managerSetup),
    commandSetup: container.get(TOKENS.commandSetup),
  };
}
