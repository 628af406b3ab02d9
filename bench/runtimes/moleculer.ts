/** moleculer: a service with one action, called through a broker without transport. Only asks are its trade. */
import type { Behaviour, Definition, Ref, Runtime } from './runtime.ts';

interface Broker {
  readonly start: () => Promise<void>;
  readonly createService: (schema: object) => object;
  readonly waitForServices: (name: string, limitMs: number, pollMs: number) => Promise<unknown>;
  readonly call: (action: string, params: unknown) => Promise<unknown>;
}
interface Moleculer {
  readonly ServiceBroker: new (options: object) => Broker;
}
interface Service {
  readonly action: string;
}

const noTell = (): never => {
  throw new Error('moleculer takes part in asks alone');
};

export async function startMoleculer(): Promise<Runtime> {
  const name = 'moleculer';
  const { default: moleculer } = (await import(name)) as { readonly default: Moleculer };
  const broker = new moleculer.ServiceBroker({ nodeID: 'bench', logger: false });
  await broker.start();
  let started = 0;
  const spawn = async (behaviour: Behaviour<unknown, unknown, unknown>, args: unknown) => {
    const service: Service = { action: `actor${++started}.run` };
    const state = behaviour.initial(args, service);
    const run = (context: { readonly params: { readonly message: unknown } }): unknown =>
      behaviour.receive(state, context.params.message, service);
    broker.createService({ name: `actor${started}`, actions: { run } });
    await broker.waitForServices(`actor${started}`, 5_000, 1);
    return service;
  };
  return {
    define: (behaviour) => behaviour as Definition<never>,
    spawn: (definition, args) => spawn(definition as never, args),
    tell: noTell,
    send: noTell,
    selfOf: (self) => self,
    stop: noTell,
    ask: (to: Ref, message) => broker.call((to as Service).action, { message }),
  };
}
