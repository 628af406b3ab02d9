/** A process that registers one version after another until it is killed, and prints each that was acknowledged. */
import { folderPackageStore, packageOf, SkillRegistry } from '../../../src/skills/index.ts';

const [folder = ''] = process.argv.slice(2);
const registry = await SkillRegistry.open(folderPackageStore(folder));
if (!registry.ok) throw new Error(registry.error.message);
const source = `export default () => '${'x'.repeat(20_000)}'`;
for (let patch = registry.value.list().length; ; patch++) {
  const manifest = {
    name: 'a',
    version: `1.0.${patch}`,
    description: 'x',
    input: true,
    output: true,
  };
  const added = await registry.value.register(packageOf(manifest, source));
  if (!added.ok) throw new Error(added.error.message);
  process.stdout.write(`1.0.${patch}\n`);
}
