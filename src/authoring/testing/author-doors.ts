/**
 * Loaded into the process of an author's tests (`node --import`): `skein/testing` and `skein/skill` are those of the Skein that runs
 * them, so that a folder with nothing but a skill has its tests at once.
 */
import { existsSync } from 'node:fs';
import { registerHooks } from 'node:module';

const DOORS: Readonly<Record<string, string>> = {
  skein: 'index',
  'skein/skill': 'skill',
  'skein/testing': 'testing',
};

/** Sources in a checkout, compiled files in an installed package. */
function urlOf(door: string): string {
  const source = new URL(`../../${door}.ts`, import.meta.url);
  return existsSync(source) ? source.href : new URL(`../../${door}.js`, import.meta.url).href;
}

registerHooks({
  resolve: (specifier, context, next) => {
    const door = Object.hasOwn(DOORS, specifier) ? DOORS[specifier] : undefined;
    if (door === undefined) return next(specifier, context);
    return { url: urlOf(door), shortCircuit: true };
  },
});
