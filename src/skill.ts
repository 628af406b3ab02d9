/**
 * `skein/skill`: what a skill's author writes against. Types alone; the values are made inside the sandbox.
 *
 * A skill is one ES module whose default export is called as `(input, ctx)`; it may export an `actor` besides, or instead.
 * `Date` and `Math.random` are virtual and seeded inside, so that it can be executed again with the same result.
 */
/** A header whose value the node fills in: the skill does not see it. It needs `secret` beside `http`. */
export interface SecretHeader {
  readonly secret: string;
  /** Before the value: `Bearer `. */
  readonly prefix?: string;
}

export interface HttpRequest {
  readonly url: string;
  /** Default GET. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | SecretHeader>>;
  readonly body?: string;
  /** Milliseconds; default 10,000, at most 60,000. */
  readonly timeoutMs?: number;
  /** Makes an answer with status 429 or from 500 a rejection with the retryable code HTTP_STATUS. */
  readonly failWhenUnwell?: boolean;
  /**
   * `follow`: at most 3, each checked like the first request and never from https to http; a POST becomes a GET as RFC 9110 has it, and
   * what authorizes at one origin is not sent to another. Default `manual`: they come back as they are.
   */
  readonly redirect?: 'manual' | 'follow';
}

export interface HttpResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Record<string, string>;
  readonly body: string;
}

export interface FileOptions {
  /** How the text stands for the bytes of the file; default `utf8`. */
  readonly encoding?: 'utf8' | 'base64';
}

export interface ListedFile {
  readonly name: string;
  readonly kind: 'file' | 'folder' | 'other';
}

export interface CompletionRequest {
  /** As the operator of the node names it. */
  readonly model: string;
  readonly messages: readonly {
    readonly role: 'system' | 'user' | 'assistant';
    readonly content: string;
  }[];
  /** Default 1,024 or what the grant allows, whichever is less. */
  readonly maxTokens?: number;
  /** 0 to 2; default: the provider's. */
  readonly temperature?: number;
  /** Milliseconds; default 60,000. */
  readonly timeoutMs?: number;
}

export interface CompletionResponse {
  /** As the provider names it. */
  readonly model: string;
  readonly text: string;
  readonly finishReason: string | null;
  /** As the provider counted; zeros where it did not. */
  readonly usage: { readonly inputTokens: number; readonly outputTokens: number };
}

export interface SkillLog {
  readonly debug: (message: string, fields?: object) => void;
  readonly info: (message: string, fields?: object) => void;
  readonly warn: (message: string, fields?: object) => void;
  readonly error: (message: string, fields?: object) => void;
}

/**
 * The parts of `ctx`, each under the name of its capability in the manifest. A new capability is a new field here, and no more:
 * `skein skills types` takes from these what a manifest asks for.
 *
 * A call that fails rejects with an error that has `code` and `retryable`; a capability that was not granted has the code
 * CAPABILITY_DENIED. An error that the skill lets through becomes the error of the run, and decides whether it is retried.
 */
export interface SkillContext {
  readonly http: {
    readonly request: (request: HttpRequest) => Promise<HttpResponse>;
  };
  readonly kv: {
    /** The value, or null for a key that does not exist. */
    readonly get: (key: string) => Promise<unknown>;
    readonly set: (key: string, value: unknown) => Promise<null>;
    readonly delete: (key: string) => Promise<boolean>;
  };
  /** Files of the workspace that the steps of the run share on one node; paths are relative to it. */
  readonly fs: {
    /** At most 10 MiB. */
    readonly read: (path: string, options?: FileOptions) => Promise<string>;
    /** Whole or not at all. */
    readonly write: (path: string, data: string, options?: FileOptions) => Promise<null>;
    readonly list: (path: string) => Promise<ListedFile[]>;
    readonly stat: (path: string) => Promise<{ kind: 'file' | 'folder'; bytes: number }>;
    /** A file, or a folder with nothing in it. */
    readonly remove: (path: string) => Promise<null>;
    /** Of a file or a folder; a file that is there already is replaced. */
    readonly rename: (path: string, to: string) => Promise<null>;
    /** With the folders above it; no error when it is there. */
    readonly mkdir: (path: string) => Promise<null>;
  };
  readonly secret: {
    /** The value itself, where the grant says `reveal`; to use one in a header takes no call. */
    readonly get: (name: string) => Promise<string>;
  };
  /** Virtual actors: of skill packages, by the name of the skill, and those that the program around the node registered. */
  readonly actor: {
    /** Sent and not waited for; what becomes of it is not heard of. */
    readonly tell: (kind: string, key: string, message: string, body?: unknown) => Promise<null>;
    readonly ask: (
      kind: string,
      key: string,
      message: string,
      body?: unknown,
      /** Milliseconds; default 10,000. */
      options?: { readonly timeoutMs?: number },
    ) => Promise<unknown>;
  };
  readonly notify: {
    /** A subject of at most 200 characters, a text of at most 10,000. */
    readonly send: (note: {
      readonly channel: string;
      readonly subject: string;
      readonly text: string;
    }) => Promise<null>;
  };
  readonly llm: {
    readonly complete: (request: CompletionRequest) => Promise<CompletionResponse>;
  };
  readonly random: {
    /** Entropy of the machine as base64; 1 to 65,536 bytes. A replay gives the same again. */
    readonly bytes: (count: number) => Promise<string>;
  };
  readonly clock: {
    /** The node's wall clock, Unix epoch, ms. A replay gives the same again. */
    readonly now: () => Promise<number>;
  };
  readonly log: SkillLog;
}

/** `ctx` with the capabilities named alone, as `skill-types.d.ts` has it. */
export type ContextOf<Capability extends keyof SkillContext> = Pick<SkillContext, Capability>;

/** The default export of a skill. `skein skills types` writes one for each manifest. */
export type Handler<Input, Output, Context = SkillContext> = (
  input: Input,
  ctx: Context,
) => Output | Promise<Output>;

/** What an actor has in a turn, beside its capabilities. What it asks for here happens when the turn ends well. */
export interface TurnContext {
  /** Which of the kind it is. */
  readonly key: string;
  /**
   * Calls `reminders[name]` later, also when the actor has left memory or its node is gone. One of that name that is set
   * already is replaced. Names: letters, digits, `.`, `_`, `-`, 64 at most; 64 reminders at most; a period from 100 ms on.
   */
  readonly remind: (
    name: string,
    time: { readonly afterMs: number } | { readonly everyMs: number },
    payload?: unknown,
  ) => void;
  readonly cancelReminder: (name: string) => void;
  /** Leaves memory after this turn; the next message or reminder brings it back. */
  readonly passivate: () => void;
  /** Deletes state and reminders with this turn. */
  readonly erase: () => void;
}

export interface FiredReminder {
  readonly name: string;
  /** From 1; the same again when it is fired again after a failure. */
  readonly sequence: number;
  /** Unix epoch, ms. */
  readonly dueAtMs: number;
  readonly payload: unknown;
}

/** Each message type with its payload and reply. */
export type ActorMessages = Readonly<
  Record<string, { readonly input: unknown; readonly output: unknown }>
>;

/**
 * The export `actor`. Handlers change `state`, an object of JSON data of at most 64 KiB with its reminders, in place; the node keeps it when the turn ends,
 * and calls with the same key wait for each other. A turn that throws has changed nothing. Nothing else outlives a turn.
 */
export interface SkillActor<
  State,
  Messages extends ActorMessages = ActorMessages,
  Context = SkillContext,
> {
  /** The state of a key that has none yet; default `{}`. */
  readonly initial?: (key: string) => State | Promise<State>;
  /** The state that another version of the package left; default: as it is. */
  readonly migrate?: (state: unknown, fromVersion: string) => State | Promise<State>;
  readonly receive: {
    readonly [Type in keyof Messages]: (
      state: State,
      payload: Messages[Type]['input'],
      ctx: Context & TurnContext,
    ) => Messages[Type]['output'] | Promise<Messages[Type]['output']>;
  };
  readonly reminders?: Readonly<
    Record<string, (state: State, fired: FiredReminder, ctx: Context & TurnContext) => unknown>
  >;
}
