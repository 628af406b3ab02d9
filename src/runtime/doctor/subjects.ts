/** The cluster's subjects: may this node say and hear what nodes say to each other? Nobody else is spoken to. */
import { errors } from '@nats-io/transport-node';
import { gossipSubject } from '../../cluster/index.ts';
import type { ThreadName } from '../../contracts/index.ts';
import { type Nats, subjectOf } from '../../transport/index.ts';
import { type Check, fail, ok, skipped } from './check.ts';
import { probeId } from './probe-id.ts';

const ANSWER_MS = 2_000;

export const subjectsCheck: Check = {
  layer: 'subjects',
  needs: ['credentials'],
  look: async ({ nats, cluster, random }) => {
    if (!nats) return skipped('nothing to look at');
    const node = probeId(random);
    const denied = watchDenials(nats);
    const own = [
      subjectOf(cluster, { node, thread: 'main' as ThreadName }),
      gossipSubject(cluster, node),
    ];
    const subjects = [...own, gossipSubject(cluster, 'all')];
    const subscriptions = subjects.map((subject) =>
      nats.connection.subscribe(subject, {
        callback: (error, message) => {
          if (error === null) message.respond();
        },
      }),
    );
    try {
      await nats.connection.flush();
      const unheard = await unanswered(nats, own);
      const [first = unheard?.denied] = denied();
      if (first !== undefined)
        return fail(
          `the server denies ${first}`,
          `Give this node's user publish and subscribe on skein.${cluster}.> and _INBOX.>, and publish on $JS.API.>, $JS.ACK.>, $KV.> and $O.>.`,
        );
      if (unheard !== undefined)
        return fail(
          `what was said on ${unheard.subject} was not answered in ${ANSWER_MS} ms`,
          'See that the server is not overloaded, and that its permissions let answers to _INBOX.> pass.',
        );
      return ok(`skein.${cluster}.> said, heard and answered, gossip too`);
    } finally {
      for (const subscription of subscriptions)
        if (!nats.connection.isClosed()) subscription.unsubscribe();
    }
  },
};

interface Unanswered {
  readonly subject: string;
  /** The server's reason, where it gave one. */
  readonly denied: string | undefined;
}

/** The first subject whose round trip failed. */
async function unanswered(
  { connection }: Nats,
  subjects: readonly string[],
): Promise<Unanswered | undefined> {
  for (const subject of subjects) {
    try {
      await connection.request(subject, '', { timeout: ANSWER_MS });
    } catch (thrown) {
      const { cause } = thrown as { readonly cause?: unknown };
      return { subject, denied: denialIn(thrown) ?? denialIn(cause) };
    }
  }
  return undefined;
}

function watchDenials({ connection }: Nats): () => readonly string[] {
  const all: string[] = [];
  const watch = async (): Promise<void> => {
    for await (const status of connection.status()) {
      const denied = status.type === 'error' ? denialIn(status.error) : undefined;
      if (denied !== undefined) all.push(denied);
    }
  };
  watch().catch(() => undefined);
  return () => all;
}

function denialIn(error: unknown): string | undefined {
  if (!(error instanceof errors.PermissionViolationError)) return undefined;
  return `${error.operation === 'publish' ? 'publish' : 'subscribe'} on ${error.subject}`;
}
