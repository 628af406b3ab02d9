/**
 * What actors of different nodes may tell each other beside messages: death watch. No node starts, stops or restarts an actor
 * of another by a signal. What comes in is checked part by part.
 */
import Type from 'typebox';
import {
  checker,
  describeExit,
  ErrorSchema,
  type ExitReason,
  invariant,
  skeinError,
} from '../contracts/index.ts';
import { ActorRef } from './actor-ref.ts';
import type { AskResult } from './ask.ts';
import type { Signal } from './signal.ts';

const ref = Type.Unsafe<ActorRef>(Type.Unknown());
const closed = { additionalProperties: false };
const ReasonSchema = Type.Union([
  Type.Object({ kind: Type.Literal('normal') }, closed),
  Type.Object({ kind: Type.Literal('shutdown') }, closed),
  Type.Object({ kind: Type.Literal('failed'), error: ErrorSchema }, closed),
]);
const SignalSchema = Type.Union([
  Type.Object(
    { kind: Type.Union([Type.Literal('watch'), Type.Literal('unwatch')]), watcher: ref },
    closed,
  ),
  Type.Object({ kind: Type.Literal('terminated'), ref, reason: ReasonSchema }, closed),
]);
const MessageSchema = Type.Object(
  {
    kind: Type.Literal('signal'),
    to: Type.String({ minLength: 1, maxLength: 4_096 }),
    incarnation: Type.Integer({ minimum: 0 }),
    signal: SignalSchema,
  },
  closed,
);
const AnswerSchema = Type.Object(
  {
    kind: Type.Union([Type.Literal('not-delivered'), Type.Literal('unknown')]),
    error: ErrorSchema,
  },
  closed,
);

/** Made when first needed: a node without peers does not pay for it. */
const lazily = <T>(make: () => T): (() => T) => {
  let made: T | undefined;
  return () => (made ??= make());
};
const messages = lazily(() => checker(MessageSchema));
const answers = lazily(() => checker(AnswerSchema));

/** @returns undefined for a signal that stays on its node. Stacks and details of threads and sandboxes stay, too. */
export function toForeignSignal(signal: Signal): Signal | undefined {
  switch (signal.kind) {
    case 'watch':
    case 'unwatch':
      return signal;
    case 'terminated':
      return { ...signal, reason: toForeignReason(signal) };
    default:
      return undefined;
  }
}

function toForeignReason({
  ref: { address: actor },
  reason,
}: Signal & { kind: 'terminated' }): ExitReason {
  if (reason.kind === 'normal' || reason.kind === 'shutdown') return reason;
  if (reason.kind === 'failed') return { kind: 'failed', error: reason.error };
  const error = skeinError('ACTOR_FAILED', {
    actor,
    type: 'its end',
    reason: describeExit(reason),
  });
  return { kind: 'failed', error };
}

/** @throws for anything but death watch between actors. */
export function readForeignSignal(message: unknown): {
  readonly to: string;
  readonly incarnation: number;
  readonly signal: Signal;
} {
  const checked = messages()(message);
  invariant(checked.ok, 'between nodes only death watch is signalled');
  const { signal } = checked.value;
  const subject = signal.kind === 'terminated' ? signal.ref : signal.watcher;
  invariant(subject instanceof ActorRef, 'a signal names an actor');
  return checked.value as ReturnType<typeof readForeignSignal>;
}

/** @throws for an answer that is none. What an answered ask carries is the asker's to judge. */
export function checkAnswer(answer: unknown): AskResult<unknown> {
  const result = answer as AskResult<unknown>;
  if (result.kind === 'answered') return result;
  invariant(answers()(answer).ok, 'an answer is a result');
  return result;
}
