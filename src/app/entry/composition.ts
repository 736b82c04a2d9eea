/**
 * The composition root: the one place where the container is built. A container module for each platform binds every port by its
 * token; the commands are made of what is bound, by the table below.
 */

import 'reflect-metadata';
import { Container, ContainerModule, type ServiceIdentifier } from 'inversify';
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
import type { Host } from '../platforms/host.js';
import { nodeHost } from '../platforms/node-platform.js';

type TokensOf<T> = { readonly [N in keyof T]-?: ServiceIdentifier<T[N]> };

const token = <T>(name: string): ServiceIdentifier<T> => Symbol.for(`solod/${name}`);

const tokensFor = <T extends object>(names: Readonly<Record<keyof T, true>>): TokensOf<T> =>
  Object.fromEntries(Object.keys(names).map((name) => [name, token(name)])) as TokensOf<T>;

/** One token for each port, and for each fact about the process. A port that is missing here does not compile. */
const PORTS = tokensFor<Host>({
  clock: true,
  files: true,
  documents: true,
  processes: true,
  witness: true,
  claiming: true,
  derive: true,
  probe: true,
  listener: true,
  spawner: true,
  handListener: true,
  ledger: true,
  startChannel: true,
  system: true,
  logReader: true,
  watchLog: true,
  findService: true,
  isStillThere: true,
  held: true,
  work: true,
  kickByClient: true,
  bindOnce: true,
  trySocket: true,
  warn: true,
  env: true,
  userId: true,
  platform: true,
  unsupported: true,
  node: true,
  runArguments: true,
  daemonProgram: true,
  program: true,
  directory: true,
  home: true,
  realPath: true,
  scope: true,
  machine: true,
  copyFile: true,
  nonce: true,
});

const NAMES = Object.keys(PORTS) as (keyof Host)[];

/** The container module of a platform: binds each of its ports. Ports that take arguments are bound as functions. */
export const platformModule = (host: Host): ContainerModule =>
  new ContainerModule(({ bind }) => {
    for (const name of NAMES) bind<unknown>(PORTS[name]).toConstantValue(host[name]);
  });

const PARTS = {
  output: token<Output>('output'),
  host: token<Host>('host'),
  inspector: token<Inspector>('inspector'),
  parts: token<Parts>('parts'),
  list: token<ListCommand>('list'),
} as const;

/** How one object is made of others, by their tokens; the compiler compares them with the constructor's parameters. */
interface Recipe<T> {
  readonly make: (...needs: never[]) => T;
  readonly needs: readonly ServiceIdentifier[];
}

const of = <T, A extends readonly unknown[]>(
  type: new (...args: A) => T,
  ...needs: { readonly [I in keyof A]: ServiceIdentifier<A[I]> }
): Recipe<T> => ({ make: (...made: unknown[]) => new type(...(made as unknown as A)), needs });

const COMMANDS = {
  status: of(StatusCommand, PARTS.parts, PARTS.list),
  stop: of(StopCommand, PARTS.parts),
  stopAll: of(StopAllCommand, PARTS.parts),
  restart: of(RestartCommand, PARTS.parts),
  list: of(ListCommand, PARTS.parts),
  doctor: of(DoctorCommand, PARTS.parts),
  gc: of(CollectCommand, PARTS.parts),
  logs: of(LogsCommand, PARTS.parts),
  spawns: of(SpawnsCommand, PARTS.parts),
  stats: of(StatsCommand, PARTS.parts),
  managerSetup: of(ManagerSetup, PARTS.parts, PORTS.env),
  commandSetup: of(CommandSetup, PARTS.parts, PORTS.documents, PORTS.env),
} as const;

type Made<R> = R extends Recipe<infer T> ? T : never;
export type Commands = { readonly [N in keyof typeof COMMANDS]: Made<(typeof COMMANDS)[N]> };

const RECIPES = {
  inspector: of(Inspector, PARTS.host),
  parts: of(Parts, PARTS.host, PARTS.inspector, PARTS.output),
  ...COMMANDS,
};

/**
 * @param output takes facts, complaints and progress
 * @param platform binds the ports; Node's by default
 */
export function commands(output: Output, platform = platformModule(nodeHost())): Commands {
  const container = new Container({ defaultScope: 'Singleton' });
  container.load(platform);
  container.bind(PARTS.output).toConstantValue(output);
  container.bind(PARTS.host).toResolvedValue(
    (...ports: unknown[]) => Object.fromEntries(NAMES.map((name, n) => [name, ports[n]])) as unknown as Host,
    NAMES.map((name) => PORTS[name]),
  );
  for (const [name, { make, needs }] of Object.entries<Recipe<unknown>>(RECIPES))
    container.bind(token<unknown>(name)).toResolvedValue(make, [...needs] as never[]);
  const made = Object.keys(COMMANDS).map((name) => [name, container.get(token<unknown>(name))]);
  return Object.fromEntries(made) as Commands;
}
