/** A watch of a simulated shared state: it notices that it misses something as the real one does, and begins again. */
import type { StateChange } from '../contracts/index.ts';
import {
  type ConnectionListener,
  emptyLane,
  type Member,
  type SimulatedStateServer,
} from './simulated-state-server.ts';
import { changeOf } from './state-bucket.ts';

/** Heartbeats that did not come, or a gap in the sequence, show within this time that a watch is broken. */
const NOTICE_MS = 3_000;
const RETRY_MS = 250;

export function simulatedWatch(
  server: SimulatedStateServer,
  member: Member,
  prefix: string,
  onChange: (change: StateChange) => void,
): () => void {
  const { timers } = server.time;
  const lane = emptyLane();
  const lag = emptyLane();
  let attempt = 0;
  let isOver = false;
  let isTaken = false;
  let hasBegun = false;
  let endAtServer = (): void => undefined;

  const later = (delayMs: number, mine: number, then: () => void): void => {
    timers.after(delayMs, () =>
      member.life.act(() => {
        if (!isOver && mine === attempt) then();
      }),
    );
  };
  const again = (reason: string): void => {
    endAtServer();
    if (hasBegun) onChange({ kind: 'lost', reason });
    hasBegun = false;
    attempt++;
    later(RETRY_MS, attempt, subscribe);
  };
  const broken = (noticeMs: number, reason: string): void => {
    endAtServer();
    later(noticeMs, attempt, () => again(reason));
  };
  const subscribe = (): void => {
    const mine = attempt;
    isTaken = false;
    if (server.isDown) return again('the server is away');
    server.toServer(member, (start) => {
      if (isOver || mine !== attempt) return;
      isTaken = true;
      begin(mine, start);
    });
    later(server.faults.timeoutMs, mine, () => {
      if (!isTaken) again('the server did not answer');
    });
  };
  const begin = (mine: number, start: number): void => {
    let hasGap = false;
    const tell = (change: StateChange): void => {
      const arrive = (): void => {
        if (isOver || mine !== attempt || hasGap) return;
        hasBegun = true;
        onChange(change);
      };
      server.toMember(member, { start, lane }, arrive, () => {
        hasGap = true;
        if (mine === attempt) broken(NOTICE_MS, 'something was missed');
      });
    };
    endAtServer = server.bucket.onWrite((write) => {
      if (!write.key.startsWith(prefix)) return;
      server.afterLag(lag, () => {
        if (mine === attempt && server.bucket.isLast(write)) tell(changeOf(write));
      });
    });
    tell({ kind: 'begin' });
    for (const entry of server.bucket.entries(prefix)) tell({ kind: 'entry', ...entry });
    tell({ kind: 'caught-up' });
  };

  const listener: ConnectionListener = {
    member: member.name,
    broken: (by) => broken(by === 'server' ? 0 : NOTICE_MS, 'the connection is gone'),
  };
  const stop = (): void => {
    isOver = true;
    endAtServer();
    server.listeners.delete(listener);
  };
  server.listeners.add(listener);
  member.life.onDeath(stop);
  later(0, attempt, subscribe);
  return stop;
}
