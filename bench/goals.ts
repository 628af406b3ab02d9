/** What Skein wants to reach, as data: a ratio to a baseline of the same run, or a figure of its own. */
import { isRate, type Line } from './harness/statistics.ts';

interface Goal {
  readonly suite: string;
  readonly metric: string;
  /** A baseline's name, or `best peer`: the best of all baselines but the floor, or `itself`: the figure, not a ratio. */
  readonly against: string;
  /** For `itself`: the figure that counts. Default `median`. */
  readonly figure?: 'median' | 'max';
  readonly atLeast?: number;
  readonly atMost?: number;
}

const FLOOR = 'floor';
const BEST_PEER = 'best peer';
const ITSELF = 'itself';

const fast = (metric: string): readonly Goal[] => [
  { suite: 'messaging', metric, against: BEST_PEER, atLeast: 1.5 },
  { suite: 'messaging', metric, against: FLOOR, atLeast: 0.5 },
];

/** Figures of the cluster and the most that they may be. A thousand members are held by a few processes. */
const CLUSTER: readonly (readonly [metric: string, atMost: number])[] = [
  ['death known to each peer, p99, N=5', 3_000],
  ['death known to each peer, p99, N=20', 5_000],
  ['false deaths, N=5', 0],
  ['false deaths, N=20', 0],
  ['false deaths under load and loss', 0],
  ['three fresh processes, start to all know all, p95', 2_000],
  ['gossip sent by a member, N=5', 5_000],
  ['gossip sent by a member, N=20', 5_000],
  ['gossip sent by a member, N=50', 5_000],
  ['gossip at N=50 over N=5', 2],
  ['last start to all know all, N=1000', 10_000],
  ['sent by a member, steady, N=1000', 5_000],
  ['death of 50 known to each other member, p99, N=1000', 10_000],
  ['false deaths, N=1000', 0],
];

export const GOALS: readonly Goal[] = [
  ...['tell', 'ping-pong', 'thread-ring', 'big', 'chameneos'].flatMap(fast),
  { suite: 'messaging', metric: 'fork-join-create', against: 'Erlang', atLeast: 1 },
  { suite: 'messaging', metric: 'ask', against: 'Erlang', atLeast: 1.3 },
  { suite: 'messaging', metric: 'ask, alone', against: 'Erlang', atLeast: 1.3 },
  { suite: 'messaging', metric: 'memory', against: ITSELF, atMost: 800 },
  { suite: 'threads', metric: 'one way, 100 B', against: 'postMessage', atLeast: 5 },
  { suite: 'threads', metric: 'one way, 100 B', against: 'comedy', atLeast: 15 },
  { suite: 'threads', metric: 'ask, 64 in flight', against: 'comedy', atLeast: 5 },
  { suite: 'threads', metric: 'lone ask, p50', against: 'postMessage', atMost: 1 },
  { suite: 'threads', metric: 'epoch propagation, p99', against: 'postMessage', atMost: 2 },
  { suite: 'threads', metric: 'epoch propagation, p99', against: ITSELF, atMost: 5_000 },
  { suite: 'threads', metric: 'dispatch, p99', against: ITSELF, atMost: 10_000 },
  { suite: 'policy', metric: 'decision, cold, p99', against: ITSELF, atMost: 1_000 },
  { suite: 'policy', metric: 'decision, cached, p99', against: ITSELF, atMost: 1_000 },
  { suite: 'remote', metric: 'tell, 100 B', against: 'Moleculer', atLeast: 6 },
  { suite: 'remote', metric: 'tell, 100 B', against: 'Erlang', atLeast: 1 },
  { suite: 'remote', metric: 'ask, 64 in flight', against: 'Moleculer', atLeast: 3 },
  { suite: 'remote', metric: 'ask, 64 in flight', against: 'Erlang', atLeast: 1 },
  { suite: 'remote', metric: 'lone ask, p50', against: 'raw NATS', atMost: 1.15 },
  { suite: 'remote', metric: 'lone ask, direct, p50', against: 'Skein through NATS', atMost: 0.5 },
  {
    suite: 'remote',
    metric: 'ask, 64 in flight, direct',
    against: 'Skein through NATS',
    atLeast: 1.5,
  },
  { suite: 'journal', metric: 'one at a time', against: 'raw, 1 row a commit', atLeast: 0.5 },
  { suite: 'journal', metric: '100 together', against: 'raw, 100 rows a commit', atLeast: 0.8 },
  { suite: 'sandbox', metric: 'first result on a warm host', against: ITSELF, atMost: 10 },
  { suite: 'sandbox', metric: 'first result on a fresh host', against: ITSELF, atMost: 150 },
  {
    suite: 'sandbox',
    metric: 'end of an endless call past its limit',
    against: ITSELF,
    figure: 'max',
    atMost: 10,
  },
  { suite: 'sandbox', metric: 'cold start', against: ITSELF, atMost: 150 },
  { suite: 'sandbox', metric: 'SIGKILL to the outcome, p99', against: ITSELF, atMost: 50 },
  ...CLUSTER.map(([metric, atMost]) => ({ suite: 'cluster', metric, against: ITSELF, atMost })),
];

export interface Verdict {
  readonly goal: string;
  readonly isMet: boolean;
}

function isBestPeer(line: Line, lines: readonly Line[]): boolean {
  const better = isRate(line.unit) ? 1 : -1;
  return lines.every(
    ({ suite, metric, baseline, baselineMedian }) =>
      suite !== line.suite ||
      metric !== line.metric ||
      baseline === FLOOR ||
      better * (line.baselineMedian - baselineMedian) >= 0,
  );
}

function isAgainst({ against }: Goal, line: Line, lines: readonly Line[]): boolean {
  if (against === BEST_PEER) return line.baseline !== FLOOR && isBestPeer(line, lines);
  if (against !== ITSELF) return against === line.baseline;
  // A figure of its own is judged once, at the first line of its metric.
  return line === lines.find(({ suite, metric }) => suite === line.suite && metric === line.metric);
}

/** The goals that this line is judged by; `lines` are all of the run, among which the best peer is found. */
export function verdictsOn(line: Line, lines: readonly Line[]): readonly Verdict[] {
  return GOALS.filter(
    (goal) =>
      goal.suite === line.suite && goal.metric === line.metric && isAgainst(goal, line, lines),
  ).map(({ against, figure = 'median', atLeast, atMost }) => {
    const found = against === ITSELF ? line[figure] : line.ratio;
    const unit = against === ITSELF ? ` ${line.unit}` : 'x';
    const words = against === BEST_PEER ? ` ${BEST_PEER}` : figure === 'max' ? ' at most' : '';
    return atLeast === undefined
      ? { goal: `<= ${atMost}${unit}${words}`, isMet: found <= (atMost ?? 0) }
      : { goal: `>= ${atLeast}${unit}${words}`, isMet: found >= atLeast };
  });
}
