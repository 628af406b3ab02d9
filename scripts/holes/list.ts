/** Holes in the wall, each one change of the sources, and the tests that have to turn red. */
export interface Hole {
  readonly name: string;
  /** Beneath `src/`. */
  readonly file: string;
  /** Stands there once. */
  readonly from: string;
  readonly to: string;
  /** Beneath `tests/`; one of them must fail. */
  readonly tests: readonly string[];
}

const EGRESS = ['security/egress.test.ts', 'security/egress-mutations.test.ts'];
const FORGED = ['security/host-calls.test.ts', 'unit/sandbox'];

export const HOLES: readonly Hole[] = [
  {
    name: 'addresses are not checked',
    file: 'sandbox/egress.ts',
    from: 'if (refusal) return refused(refusal);',
    to: '',
    tests: EGRESS,
  },
  {
    name: 'hosts that are not granted are dialled',
    file: 'sandbox/egress.ts',
    from: 'if (!granted) return',
    to: "if (!granted && text === '') return",
    tests: EGRESS,
  },
  {
    name: 'a URL may carry credentials',
    file: 'sandbox/egress.ts',
    from: "if (url.username || url.password) return 'a URL may not carry credentials';",
    to: '',
    tests: [...EGRESS, 'unit/sandbox'],
  },
  {
    name: 'private IPv6 addresses pass as global ones',
    file: 'sandbox/addresses.ts',
    from: "if (version === 6 && !GLOBAL_V6.check(address, 'ipv6'))",
    to: "if (version === 6 && address === '')",
    tests: [...EGRESS, 'unit/sandbox'],
  },
  {
    name: 'a call needs no grant',
    file: 'sandbox/capability.ts',
    from: "if (!grant) return denied('it was not granted');",
    to: '',
    tests: ['security/capability-gate.test.ts'],
  },
  {
    name: 'a getter of the skill is called while its output is copied',
    file: 'sandbox/guest-encode.ts',
    from: "if (!hasOwn(descriptor, 'value')) invalid(pointer, 'an accessor property', 'a plain property');",
    to: "if (!hasOwn(descriptor, 'value')) return apply(descriptor.get, null, []);",
    tests: ['security/output.test.ts'],
  },
  {
    name: 'objects of any class leave the isolate',
    file: 'sandbox/guest-encode.ts',
    from: 'if (prototype !== null && prototype !== ObjectPrototype)',
    to: 'if (prototype === undefined)',
    tests: ['security/output.test.ts'],
  },
  {
    name: '`__proto__` is a key like others',
    file: 'sandbox/guest-encode.ts',
    from: "if (key === '__proto__') invalid(pointer + '/__proto__', 'a key named __proto__', 'another name');",
    to: '',
    tests: ['security/output.test.ts', 'security/pollution.test.ts'],
  },
  {
    name: 'what counts no memory stays in the world',
    file: 'sandbox/guest-world.ts',
    from: "'WebAssembly', ",
    to: '',
    tests: ['security/escape.test.ts', 'security/determinism.test.ts'],
  },
  {
    name: 'the clock of the machine is seen',
    file: 'sandbox/guest-world.ts',
    from: "hide(globalThis, 'Date', VirtualDate);",
    to: '',
    tests: ['security/determinism.test.ts'],
  },
  {
    name: 'calls may come out of order',
    file: 'sandbox/hosted-run.ts',
    from: "if (frame.seq !== this.#calls) return 'a call out of order';",
    to: '',
    tests: FORGED,
  },
  {
    name: 'a run goes on after its end',
    file: 'sandbox/hosted-run.ts',
    from: "if (this.#settled) return 'a frame after the last';",
    to: '',
    tests: FORGED,
  },
  {
    name: 'the node believes the count of calls of the host',
    file: 'sandbox/hosted-run.ts',
    from: "if (this.#calls > hostCalls) return 'more calls than the contract allows';",
    to: '',
    tests: FORGED,
  },
  {
    name: 'nobody ends what native code keeps busy',
    file: 'sandbox/hosted-run.ts',
    from: "ports.endHost({ kind: 'wall' }),",
    to: 'undefined,',
    tests: ['security/native-code.test.ts', 'unit/sandbox'],
  },
  {
    name: 'a host serves another tenant after the first',
    file: 'sandbox/host-process.ts',
    from: "if (tenant !== this.#tenant) return unavailable('the host process belongs to another tenant');",
    to: '',
    tests: ['security/containment.test.ts', 'unit/sandbox'],
  },
  {
    name: 'hosts are started without the permission model',
    file: 'sandbox/launch.ts',
    from: "'--permission',",
    to: '',
    tests: ['security/containment.test.ts', 'unit/sandbox'],
  },
  {
    name: 'hosts share the network of the machine',
    file: 'sandbox/wall.ts',
    from: "'--net', ",
    to: '',
    tests: ['security/os-wall.test.ts', 'unit/sandbox'],
  },
  {
    name: 'files outside the workspace are served',
    file: 'sandbox/files/path-jail.ts',
    from: "if (!isBeneath || dev !== this.#device) throw refuse('it', 'it is not in the workspace');",
    to: '',
    tests: ['unit/sandbox/path-jail.test.ts', 'security/jail-race.test.ts'],
  },
  {
    name: 'links are followed',
    file: 'sandbox/files/path-jail.ts',
    from: 'const ANYTHING = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;',
    to: 'const ANYTHING = O_RDONLY | O_NONBLOCK;',
    tests: ['unit/sandbox/path-jail.test.ts', 'security/jail-race.test.ts'],
  },
  {
    name: 'the state of a packaged actor is taken as it comes',
    file: 'sandbox/run-rules.ts',
    from: "{ at: ['state'], pointer: '/state', schema: state },",
    to: '',
    tests: ['security/module-actors.test.ts', 'integration/actors/module-actors.test.ts'],
  },
  {
    name: 'an engine that fails permits',
    file: 'sandbox/policy/gate.ts',
    from: 'return refusal(request, `the engine failed: ${reasonOf(thrown)}`);',
    to: 'return { ...refusal(request, reasonOf(thrown)), allowed: true };',
    tests: ['unit/sandbox/policy'],
  },
  {
    name: 'what no policy permits passes the gate',
    file: 'sandbox/policy/gate.ts',
    from: 'if (!decision.allowed) {',
    to: "if (call.name === '') {",
    tests: ['unit/sandbox/policy', 'security/capability-gate.test.ts'],
  },
  {
    name: 'an approval is not used up',
    file: 'sandbox/policy/approval.ts',
    from: "if (usedBy !== undefined) return 'used';",
    to: '',
    tests: ['unit/sandbox/policy', 'integration/runtime/approvals.test.ts'],
  },
  {
    name: 'an approval does not expire',
    file: 'sandbox/policy/approval.ts',
    from: "if (nowMs >= facts.expiresAtMs) return 'expired';",
    to: '',
    tests: ['unit/sandbox/policy'],
  },
  {
    name: 'any signature is a good one',
    file: 'skills/signing/trusted-signers.ts',
    from: 'known.get(name) ?? isSignatureOf(signature, signer.publicKey, payload())',
    to: 'known.get(name) ?? payload().length > 0',
    tests: ['unit/skills', 'integration/skills'],
  },
  {
    name: 'a revoked key is believed',
    file: 'skills/signing/trusted-signers.ts',
    from: 'if (signer.isRevoked)',
    to: "if (signer.isRevoked && signer.name === '')",
    tests: ['unit/skills', 'integration/skills'],
  },
  {
    name: 'a halted skill is given to a host',
    file: 'actors/skill-pool-actor.ts',
    from: 'if (halted) return refusedBy(invocation, halted);',
    to: '',
    tests: ['integration/runtime', 'unit/actors'],
  },
];
