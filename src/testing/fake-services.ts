/** Secrets, channels, models and virtual actors as a test tells them. */
import { failure, type Json, type Result, success } from '../contracts/index.ts';
import type { ActorCall, Completion, HostEffects, Note } from '../sandbox/index.ts';

export interface FakeSecret {
  readonly value: string;
  /** Exact `host` or `host:port` names that it may be sent to. */
  readonly hosts?: readonly string[];
  /** By http too. */
  readonly plain?: boolean;
}

export interface FakeServices {
  readonly secrets?: Readonly<Record<string, FakeSecret>>;
  /** Takes notes, of every channel. Left out: no channel was set up. */
  readonly notify?: (note: Note) => void;
  /** Gives the text of a completion, by every model. Left out: no model was set up. */
  readonly llm?: (asked: Completion) => string | Promise<string>;
  /** Gives the reply of a virtual actor, of every kind. Left out: nobody knows the kind. */
  readonly actor?: (call: ActorCall) => unknown;
}

export function fakeServices(
  { secrets = {}, notify, llm, actor }: FakeServices,
  faults: unknown[],
): HostEffects {
  const guarded = async (service: string, act: () => unknown): Promise<Result<Json>> => {
    try {
      return success(((await act()) ?? null) as Json);
    } catch (thrown) {
      faults.push(thrown);
      return failure('SERVICE_FAILED', { service, reason: 'the fake threw' });
    }
  };
  const unknown = (service: string, section: string) =>
    failure('SERVICE_UNKNOWN', { service, section });
  const askActor = async (call: ActorCall): Promise<Result<Json>> =>
    actor
      ? guarded(`actor ${call.kind}`, () => actor(call))
      : failure('VIRTUAL_KIND_UNKNOWN', { kind: call.kind });
  return {
    secrets: {
      find: (name) => {
        const found = Object.hasOwn(secrets, name) ? secrets[name] : undefined;
        if (found) return success({ ...found, hosts: found.hosts ?? [] });
        return failure('SECRET_UNAVAILABLE', {
          name,
          reason: 'the test has set none of that name',
        });
      },
      values: () => Object.values(secrets).map(({ value }) => value),
    },
    notify: {
      send: async (note) => {
        const service = `notify ${note.channel}`;
        if (!notify) return unknown(service, 'notify');
        return guarded(service, () => void notify(note));
      },
    },
    models: {
      complete: async (asked) => {
        const service = `model ${asked.model}`;
        if (!llm) return unknown(service, 'llm');
        const text = await guarded(service, () => llm(asked));
        if (!text.ok) return text;
        const usage = { inputTokens: 0, outputTokens: 0 };
        return success({ model: asked.model, text: text.value, finishReason: 'stop', usage });
      },
    },
    actors: {
      ask: askActor,
      tell: async (call) => {
        const told = await askActor(call);
        return told.ok ? success(null) : told;
      },
    },
  };
}
