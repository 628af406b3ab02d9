/** A host process that a test plays: what it writes reaches the node, what the node does to it can be read. */
import type {
  ProcessExit,
  Processes,
  ProcessHandle,
  ProcessSpec,
} from '../../src/contracts/index.ts';
import { encodeFrame } from '../../src/sandbox/frame-codec.ts';

export interface PlayedHost {
  readonly spec: ProcessSpec;
  /** Frames from the node, parsed. */
  readonly received: { kind: string; [key: string]: unknown }[];
  readonly killed: () => boolean;
  readonly say: (frame: unknown) => void;
  readonly sayBytes: (bytes: Uint8Array) => void;
  readonly sayStderr: (text: string) => void;
  readonly exit: (exit: ProcessExit) => void;
}

export interface PlayedProcesses {
  readonly processes: Processes;
  readonly hosts: PlayedHost[];
}

export const READY = {
  kind: 'ready',
  isolatedVm: '7.0.1',
  node: 'v26.0.0',
  missing: [] as string[],
};

/** @param greet frames that every new host says at once; default: that it is ready */
export function playedProcesses(greet: readonly unknown[] = [READY]): PlayedProcesses {
  const hosts: PlayedHost[] = [];
  const start = (spec: ProcessSpec): ProcessHandle => {
    let onData: (bytes: Uint8Array) => void = () => undefined;
    let onStderr: (bytes: Uint8Array) => void = () => undefined;
    let onExit: (exit: ProcessExit) => void = () => undefined;
    let killed = false;
    const received: PlayedHost['received'] = [];
    const host: PlayedHost = {
      spec,
      received,
      killed: () => killed,
      say: (frame) => onData(encodeFrame(JSON.stringify(frame))),
      sayBytes: (bytes) => onData(bytes),
      sayStderr: (text) => onStderr(Buffer.from(text)),
      exit: (exit) => onExit(exit),
    };
    hosts.push(host);
    return {
      pid: 1_000 + hosts.length,
      write: (bytes) => {
        received.push(JSON.parse(Buffer.from(bytes.subarray(4)).toString()));
        return true;
      },
      backlogBytes: () => 0,
      onData: (receive) => {
        onData = receive;
        queueMicrotask(() => greet.forEach(host.say));
      },
      onStderr: (receive) => {
        onStderr = receive;
      },
      onExit: (exited) => {
        onExit = exited;
      },
      kill: () => {
        if (killed) return;
        killed = true;
        queueMicrotask(() => onExit({ exitCode: null, signal: 'SIGKILL' }));
      },
    };
  };
  return { processes: { start }, hosts };
}
