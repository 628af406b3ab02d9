import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Json } from '../../../src/contracts/index.ts';
import { type SkeinNode, startNode } from '../../../src/runtime/index.ts';
import { encodePackage, type SignedPackage } from '../../../src/skills/index.ts';
import { codeIn, valueIn } from '../../conformance/journal-suite.ts';
import { startTestNats, type TestNats } from '../../support/nats.ts';
import { signedPackage, signerKey, signerLine, signersFile } from '../../support/packages.ts';
import { skillFolders } from '../../support/skill-folder.ts';
import { until } from '../../support/until.ts';

const [ann, ben] = [signerKey(1), signerKey(2)];
const root = mkdtempSync(join(tmpdir(), 'skein-published-'));
const signers = join(root, 'signers.yaml');
const trust = (...lines: readonly string[]) => writeFileSync(signers, signersFile(...lines));
const signersOfB = join(root, 'signers-b.yaml');
const textOf = (signed: SignedPackage) => Buffer.from(encodePackage(signed)).toString();
const says = (version: string, word: string, key = ann) =>
  textOf(signedPackage(key, 'says', version, `export default () => ${JSON.stringify(word)};`));
const run = async (node: SkeinNode, skill: string, input: Json = {}) => {
  const outcome = await node.execute({ target: { kind: 'skill', skill }, input });
  return outcome.ok ? outcome.value : outcome.error.code;
};
const start = async (dataDir: string, more: object = {}) =>
  valueIn(await startNode({ dataDir, threads: 1, signersFile: signers, ...more }));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('one node', () => {
  it('runs a published package as long as its signer is trusted, and refuses a new one without restart', async () => {
    trust(signerLine('ann', ann));
    const node = await start(join(root, 'one'));
    expect(codeIn(await node.publish(says('1.0.0', 'no', ben)))).toBe('SIGNATURE_REFUSED');
    expect(codeIn(await node.publish('{"payload"'))).toBe('PACKAGE_INVALID');
    valueIn(await node.publish(says('1.0.0', 'hello')));
    expect(await run(node, 'says@^1')).toBe('hello');
    trust(signerLine('ann', ann, 'revoked: true'), signerLine('ben', ben));
    await until(
      'the key is revoked',
      async () => (await run(node, 'says')) === 'SIGNATURE_REFUSED',
    );
    valueIn(await node.publish(says('1.0.0', 'hello', ben)));
    expect(await run(node, 'says')).toBe('hello');
    writeFileSync(signers, 'signers: [');
    await until('the edit is seen', () => node.registry().signersProblem !== null);
    expect(await run(node, 'says')).toBe('hello');
    await node.close();
  });

  it('starts no more on a package that another hand has changed, and names the file', async () => {
    const folder = join(root, 'one', 'skills');
    const [name = ''] = readdirSync(folder);
    const file = join(folder, name);
    writeFileSync(file, readFileSync(file, 'utf8').replace('hello', 'hallo'));
    const started = await startNode({ dataDir: join(root, 'one'), threads: 1 });
    expect(started).toMatchObject({
      ok: false,
      error: { code: 'REGISTRY_DAMAGED', details: { file } },
    });
  });

  it('that requires signatures runs no folder, and still what comes with Skein', async () => {
    trust(signerLine('ann', ann));
    const folders = skillFolders();
    const folder = folders.make({ name: 'mine' }, { 'index.ts': 'export default () => 1;' });
    const node = await start('memory', { requireSigned: true, skillFolders: [folder] });
    expect([await run(node, 'mine'), await run(node, folder)]).toEqual([
      'SIGNATURE_REFUSED',
      'SIGNATURE_REFUSED',
    ]);
    expect(await run(node, 'hello', { name: 'Ada' })).toMatchObject({ greeting: 'Hello, Ada!' });
    expect(node.registry().entries).toContainEqual(
      expect.objectContaining({ name: 'mine', origin: 'added', refused: expect.any(String) }),
    );
    await node.close();
    folders.remove();
  });
});

describe('nodes of a cluster', () => {
  let server: TestNats;
  let nodes: readonly SkeinNode[];
  const cluster = () => ({ cluster: { name: 'registry', natsUrl: server.url } });
  beforeAll(async () => {
    trust(signerLine('ann', ann));
    server = await startTestNats();
    writeFileSync(signersOfB, signersFile(signerLine('ann', ann)));
    nodes = await Promise.all([
      start(join(root, 'a'), cluster()),
      start(join(root, 'b'), { ...cluster(), signersFile: signersOfB }),
    ]);
    await until('both follow', () => nodes.every((node) => node.registry().isFollowing));
  });
  afterAll(async () => {
    await Promise.all(nodes.map((node) => node.close()));
    await server.close();
  });
  const versionsAt = (node: SkeinNode | undefined) =>
    (node?.registry().entries ?? []).flatMap(({ name, version }) =>
      name === 'says' ? [version] : [],
    );

  it('all have and run what one of them is given, and go on doing so without NATS', async () => {
    const [one, two] = nodes as [SkeinNode, SkeinNode];
    valueIn(await one.publish(says('1.0.0', 'first')));
    valueIn(await two.publish(says('1.1.0', 'second')));
    expect(codeIn(await one.publish(says('1.0.5', 'between')))).toBe('VERSION_REFUSED');
    await until('both have both', () => nodes.every((node) => versionsAt(node).length === 2));
    valueIn(await two.yank('says', '1.1.0', 'broken'));
    await until('the yank is everywhere', async () => (await run(one, 'says')) === 'first');
    expect(await run(one, 'says@1.1.0')).toBe('second');
    const step = { id: 'one', skill: 'says@1.0.0', place: { elsewhere: true } };
    const plan = { plan: 'there', steps: [step] };
    const there = () => one.execute({ target: { kind: 'plan', plan } });
    await until('b does it for a', async () => (await there()).ok);
    writeFileSync(signersOfB, signersFile());
    await until('b refuses it', async () => (await run(two, 'says@1.0.0')) === 'SIGNATURE_REFUSED');
    expect(await there()).toMatchObject({ ok: false, error: { code: 'DELEGATION_FAILED' } });
    expect(await run(one, 'says@1.0.0')).toBe('first');
    writeFileSync(signersOfB, signersFile(signerLine('ann', ann)));
    await until('b runs it again', async () => (await run(two, 'says@1.0.0')) === 'first');
    await server.close();
    await until('NATS is away', async () => {
      const answer = await one.publish(says('2.0.0', 'third'));
      return !answer.ok && answer.error.code === 'STATE_UNAVAILABLE';
    });
    for (const node of nodes) expect(await run(node, 'says')).toBe('first');
  });
});
