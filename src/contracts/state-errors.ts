/** Errors of journals, and of the state and the leases that nodes share. */
import { journal, missing, outrun, row, undelivered } from './error-row.ts';

export const STATE_ERRORS = {
  JOURNAL_CORRUPT: journal<{ file: string; sequence: number; reason: string }>(
    (d) => `${d.file}: the journal is damaged at sequence ${d.sequence}: ${d.reason}`,
    'Nothing from that sequence on is trusted. `skein up --recover-journal` sets the damaged file aside and keeps what came before.',
  ),
  JOURNAL_UNAVAILABLE: row(
    'journal',
    503,
    1,
    'retryable',
  )<{ reason: string }>(
    (d) => `the journal cannot write: ${d.reason}`,
    'Check the disk of the data directory.',
  ),
  JOURNAL_CONFLICT: outrun<{ stream: string; expected: number; current: number }>(
    (d) => `${d.stream} is at sequence ${d.current}, the writer expected ${d.expected}`,
    'Another writer was first: read again and decide anew.',
  ),
  STATE_UNAVAILABLE: row(
    'journal',
    503,
    3,
    'retryable',
  )<{ operation: string; key: string; reason: string; mayHaveHappened: boolean }>(
    (d) =>
      `${d.operation} of ${d.key}: the shared state did not answer (${d.reason}); ${d.mayHaveHappened ? 'the write may or may not have happened' : 'nothing was written'}`,
    'See that nats-server runs with JetStream; when the write may have happened, read the key before writing again.',
  ),
  LEASE_HELD: outrun<{ key: string; reason: string }>(
    (d) => `the lease on ${d.key} is not to be had: ${d.reason}`,
    'Ask the owner, or wait until its lease runs out.',
  ),
  LEASE_LOST: outrun<{ key: string; reason: string }>(
    (d) => `the lease on ${d.key} is lost: ${d.reason}`,
    'Stop acting for that key; whoever owns it now goes on.',
  ),
  TOKEN_STALE: outrun<{ resource: string; token: number; highest: number }>(
    (d) => `${d.resource} has seen token ${d.highest} and refuses ${d.token}`,
    'The writer is no longer the owner: stop it; the new owner writes again.',
  ),
  VIRTUAL_KIND_UNKNOWN: missing<{ kind: string }>(
    (d) => `no virtual actor of the kind ${d.kind} is registered here`,
    'Register the definition on this node first; `host: false` on one that only sends.',
  ),
  VIRTUAL_UNREACHABLE: undelivered<{ actor: string; tries: number; reason: string }>(
    (d) => `${d.actor} was not reached in ${d.tries} tries: ${d.reason}`,
    'Nothing was run. Ask again, with a longer timeout when its node was just lost: a lease has to run out first.',
  ),
  VIRTUAL_STATE_INVALID: row(
    'actor',
    422,
    1,
    'final',
  )<{ actor: string; reason: string }>(
    (d) => `the state of ${d.actor} cannot be kept: ${d.reason}`,
    'States of virtual actors are plain JSON data up to the limit; split what is larger over several keys.',
  ),
} as const;
