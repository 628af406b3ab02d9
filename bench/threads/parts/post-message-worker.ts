/** One of two bare workers: it answers and counts what comes from its peer, and does the work that the main thread orders. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import {
  askInLanes,
  BATCH,
  BATCHES_ON_THE_WAY,
  type Item,
  item,
  latenciesUs,
  nowUs,
  pace,
} from './load.ts';
import type { Work } from './post-message.ts';

type Message =
  | { readonly kind: 'item'; readonly item: Item }
  | { readonly kind: 'more'; readonly count: number }
  | { readonly kind: 'expect'; readonly n: number }
  | { readonly kind: 'tick'; readonly sentUs: number }
  | { readonly kind: 'times'; readonly timesUs: readonly number[] }
  | { readonly kind: 'ask'; readonly id: number; readonly value: number }
  | { readonly kind: 'answer'; readonly id: number; readonly value: number };

const { port } = workerData as { readonly port: MessagePort };
const post = (message: Message): void => port.postMessage(message);

let counted = 0;
let sent = 0;
let total = 0;
let finish = (_count: number): void => undefined;
let expected = 0;
let timesUs: number[] = [];
let paced = (_timesUs: readonly number[]): void => undefined;
let lastAsk = 0;
const asks = new Map<number, (value: number) => void>();

function sendBatch(): void {
  for (let each = 0; each < BATCH && sent < total; each++)
    post({ kind: 'item', item: item(sent++) });
}

port.on('message', (message: Message) => {
  switch (message.kind) {
    case 'item':
      if (message.item.id === 0) counted = 0;
      if (message.item.id !== counted) throw new Error(`item ${message.item.id} is out of order`);
      if (++counted % BATCH === 0) post({ kind: 'more', count: counted });
      break;
    case 'more':
      if (message.count === total) finish(message.count);
      else sendBatch();
      break;
    case 'expect':
      expected = message.n;
      timesUs = [];
      break;
    case 'tick':
      timesUs.push(nowUs() - message.sentUs);
      if (timesUs.length === expected) post({ kind: 'times', timesUs });
      break;
    case 'times':
      paced(message.timesUs);
      break;
    case 'ask':
      post({ kind: 'answer', id: message.id, value: message.value + 1 });
      break;
    case 'answer':
      asks.get(message.id)?.(message.value);
      asks.delete(message.id);
      break;
  }
});

const ask = (value: number): Promise<number> =>
  new Promise((resolve) => {
    const id = ++lastAsk;
    asks.set(id, resolve);
    post({ kind: 'ask', id, value });
  });

function send(n: number): Promise<number> {
  total = n;
  sent = 0;
  const done = new Promise<number>((resolve) => {
    finish = resolve;
  });
  for (let batch = 0; batch < BATCHES_ON_THE_WAY; batch++) sendBatch();
  return done;
}

function paceTicks(n: number): Promise<readonly number[]> {
  const times = new Promise<readonly number[]>((resolve) => {
    paced = resolve;
  });
  post({ kind: 'expect', n });
  pace(n, (sentUs) => post({ kind: 'tick', sentUs }));
  return times;
}

parentPort?.on('message', async ({ kind, n, lanes = 1 }: Work) => {
  if (kind === 'send') parentPort?.postMessage(await send(n));
  else if (kind === 'pace') parentPort?.postMessage(await paceTicks(n));
  else if (kind === 'alone') parentPort?.postMessage(await latenciesUs(n, ask));
  else parentPort?.postMessage(await askInLanes({ n, lanes }, ask));
});
parentPort?.postMessage('ready');
