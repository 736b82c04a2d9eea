import type {
  UpstreamCommand,
  UpstreamEvents,
  UpstreamGraces,
  UpstreamProcess,
  UpstreamProcesses,
  UpstreamReading,
} from '../../ports/upstream-process.js';

/** A server in memory: what it is told, and what a test has it say. */
export class MemoryUpstream implements UpstreamProcess {
  readonly startTime = '1';
  readonly heard: string[] = [];
  readonly ends: UpstreamGraces[] = [];
  state: 'running' | 'ended' = 'running';

  constructor(
    readonly pid: number,
    readonly command: UpstreamCommand,
    readonly events: UpstreamEvents,
    private readonly program: (upstream: MemoryUpstream, text: string) => void,
  ) {}

  write(text: string): 'taken' | 'full' {
    this.heard.push(text);
    this.program(this, text);
    return 'taken';
  }

  end(graces: UpstreamGraces): void {
    this.ends.push(graces);
    this.die('it ended with exit code 0');
  }

  kill(): void {
    this.die('it was ended by SIGKILL');
  }

  say(text: string): void {
    if (this.state === 'running') this.events.onOutput(text);
  }

  die(words: string): void {
    if (this.state === 'ended') return;
    this.state = 'ended';
    this.events.onEnd(words);
  }
}

/** Starts servers in memory. */
export class MemoryUpstreams implements UpstreamProcesses {
  readonly started: MemoryUpstream[] = [];

  /** @param program what a server does with what it is told */
  constructor(private readonly program: (upstream: MemoryUpstream, text: string) => void = () => {}) {}

  start(command: UpstreamCommand, events: UpstreamEvents): UpstreamReading {
    const upstream = new MemoryUpstream(1_000 + this.started.length, command, events, this.program);
    this.started.push(upstream);
    return { kind: 'started', process: upstream };
  }
}
