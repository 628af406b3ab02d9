/**
 * The ports: all that is not deterministic reaches the code through one of these. The real bodies and their simulated
 * twins live in `host/`; nothing else in the repository may call a clock, a timer, a random source, a thread or a process.
 */

import type { Result } from './outcome.ts';

/** `wallMs` stamps records (Unix epoch, fractional ms); `monotonicMs` measures elapsed time and never goes back. */
export interface Clock {
  readonly wallMs: () => number;
  readonly monotonicMs: () => number;
}

export interface TimerHandle {
  readonly cancel: () => void;
}

export interface Timers {
  /** Calls `fire` once, not earlier than `delayMs` from now. A pending timer does not keep the process alive. */
  readonly after: (delayMs: number, fire: () => void) => TimerHandle;
  /** Calls `fire` after pending I/O has had its turn: how a long drain yields to the event loop. */
  readonly immediate: (fire: () => void) => void;
}

/** A source of chance that forks by name: a new draw in one fork leaves every other fork as it was. */
export interface Random {
  /** Uniform in [0, 1). */
  readonly next: () => number;
  readonly bytes: (count: number) => Uint8Array;
  readonly fork: (name: string) => Random;
}

/** Frames between two parties, in order, both ways. */
export interface FramePort {
  /** Takes a copy of the frame: its bytes may be used again at once. */
  readonly post: (frame: Uint8Array) => void;
  /** What was posted and has not found room on its way yet; grows while the other side does not keep up. */
  readonly backlogBytes: () => number;
  /** There is no way to the other side now, though there may be one again: what is posted waits. Default: there is one. */
  readonly isAway?: () => boolean;
  /** `ageMs`: how long the frame waited at its sender, where the port knows; default 0. */
  readonly onFrame: (receive: (frame: Uint8Array, ageMs?: number) => void) => void;
  readonly onClose: (closed: (reason: string) => void) => void;
  readonly close: () => void;
}

/** Packets to subjects: some may be lost, repeated or reordered; none is cut or joined. */
export interface PacketBus {
  /** Never throws; a packet that cannot leave is lost. The bytes may be read until the turn ends. */
  readonly publish: (subject: string, packet: Uint8Array) => void;
  /** @returns a function that ends the subscription. */
  readonly subscribe: (subject: string, receive: (packet: Uint8Array) => void) => () => void;
  /** Fires each time the way to the bus is there again after it was gone. */
  readonly onReturn: (returned: () => void) => void;
  /** Whether packets can leave now. */
  readonly isConnected: () => boolean;
}

/**
 * What becomes of a message to another node while there is no way to it: it waits within the window of the link, until the peer has
 * been silent for LIMITS.peerSilentMs, or is refused at once with PEER_AWAY.
 */
export type WhileAway = 'park' | 'refuse';

/** Bytes both ways, in order, until either end closes. */
export interface ByteStream {
  readonly write: (bytes: Uint8Array) => void;
  readonly onData: (receive: (bytes: Uint8Array) => void) => void;
  /** Fires once, for whatever reason; nothing is thrown. */
  readonly onClose: (closed: () => void) => void;
  readonly close: () => void;
}

export type StreamAddress =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tls'; readonly host: string; readonly port: number };

export interface StreamListener {
  /** Where it listens, the port that was chosen included. */
  readonly address: StreamAddress;
  readonly close: () => Promise<void>;
}

/** Streams to others: sockets of the machine, or TLS whose both ends prove that they hold one key (TLS-PSK, RFC 8446 2.2). */
export interface Streams {
  /** Tells machines apart: only on the same one can a unix socket be reached. */
  readonly hostId: () => string;
  /** A folder that this user alone can enter, for sockets. The caller removes it by `close`. */
  readonly socketFolder: () => Promise<{
    readonly path: string;
    readonly close: () => Promise<void>;
  }>;
  /** `keyOf` gives the key for the name that a dialler says, or undefined to refuse it. Failure: PORT_UNAVAILABLE. */
  readonly listen: (
    address: StreamAddress,
    keyOf: (name: string) => Uint8Array | undefined,
    onStream: (stream: ByteStream) => void,
  ) => Promise<Result<StreamListener>>;
  /** Failure: NODE_UNREACHABLE. */
  readonly dial: (
    address: StreamAddress,
    credentials: { readonly name: string; readonly key: Uint8Array },
  ) => Promise<Result<ByteStream>>;
}

export type ThreadExit =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'threw'; readonly message: string; readonly stack?: string }
  | { readonly kind: 'exited'; readonly exitCode: number }
  | { readonly kind: 'heap-exhausted'; readonly message: string }
  | { readonly kind: 'hung'; readonly silentMs: number };

export interface ThreadSpec {
  readonly name: string;
  /** What the thread's entry point receives; must survive structured clone. */
  readonly boot: unknown;
  readonly heapMiB: number;
}

export interface ThreadHandle {
  readonly control: FramePort;
  /** Settles once, when the thread has ended for whatever reason. Never rejects. */
  readonly exited: Promise<ThreadExit>;
  /** How often the thread's event loop has turned its heartbeat, read without its help. */
  readonly heartbeats: () => number;
  /** Ends the thread at once; `exited` then settles with `reason`. */
  readonly terminate: (reason: ThreadExit) => void;
  /** Hands the thread one end of a channel to `peer`. */
  readonly connect: (peer: string, end: unknown) => void;
}

export interface Threads {
  readonly start: (spec: ThreadSpec) => ThreadHandle;
  /** A channel: `end` objects may be given to `connect`, or to `open` for use on this thread. */
  readonly channel: () => readonly [unknown, unknown];
  readonly open: (end: unknown) => FramePort;
  readonly close: () => Promise<void>;
}

export interface ProcessSpec {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** It and what it starts are a process group of their own, which is killed as one. Default: it alone is killed. */
  readonly isGroup?: boolean;
}

export interface ProcessExit {
  readonly exitCode: number | null;
  readonly signal: string | null;
}

/** A child process with a duplex byte pipe (its file descriptor 3) and a readable stderr. */
export interface ProcessHandle {
  /** Undefined when the process could not be started; `onExit` then fires with what is known. */
  readonly pid: number | undefined;
  /** @returns false once the child has ended or its pipe is closed; nothing is thrown. */
  readonly write: (bytes: Uint8Array) => boolean;
  /** Bytes accepted by `write` that the child has not read yet. */
  readonly backlogBytes: () => number;
  readonly onData: (receive: (bytes: Uint8Array) => void) => void;
  readonly onStderr: (receive: (bytes: Uint8Array) => void) => void;
  /** Fires exactly once, after the last `onData`. */
  readonly onExit: (exited: (exit: ProcessExit) => void) => void;
  /** SIGKILL: nothing the child runs can delay it. */
  readonly kill: () => void;
}

export interface Processes {
  readonly start: (spec: ProcessSpec) => ProcessHandle;
}

/** Structured log lines: a sentence for a person and fields for a machine. The body is pino, in `telemetry/`. */
export interface Log {
  readonly debug: (message: string, fields?: Readonly<Record<string, unknown>>) => void;
  readonly info: (message: string, fields?: Readonly<Record<string, unknown>>) => void;
  readonly warn: (message: string, fields?: Readonly<Record<string, unknown>>) => void;
  readonly error: (message: string, fields?: Readonly<Record<string, unknown>>) => void;
}

/** The ports a thread of a node runs on. */
export interface Ports {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
}
