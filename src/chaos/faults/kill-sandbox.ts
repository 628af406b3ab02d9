/** A sandbox host process is killed. */
import Type from 'typebox';
import type { Fault } from '../fault.ts';

export const killSandbox: Fault = {
  name: 'kill-sandbox',
  title: 'A sandbox host process is killed',
  target: 'thread',
  attributes: Type.Object({}, { additionalProperties: false }),
  draw: () => ({}),
  inject: ({ node, random }, { node: id, thread }) => {
    const hosts = node(id)?.sandboxHosts(thread) ?? [];
    hosts[Math.floor(random.next() * hosts.length)]?.kill();
    return undefined;
  },
};
