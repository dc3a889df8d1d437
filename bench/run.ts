/** What `npm run bench [name …]` does. */
import type { Bench } from './harness.ts';

const benches: Readonly<Record<string, () => Promise<Bench>>> = {
  store: async () => (await import('./store.ts')).bench,
  reads: async () => (await import('./reads.ts')).bench,
  writes: async () => (await import('./writes.ts')).bench,
  propagation: async () => (await import('./propagation.ts')).bench,
  scale: async () => (await import('./scale.ts')).bench,
  kubernetes: async () => (await import('./kubernetes.ts')).bench,
  'kubernetes-scale': async () => (await import('./kubernetes-scale.ts')).bench,
  'kubernetes-namespaces': async () => (await import('./kubernetes-scale.ts')).namespacesBench,
  agent: async () => (await import('./agent.ts')).bench,
  cli: async () => (await import('./cli.ts')).bench,
  sdk: async () => (await import('./sdk.ts')).bench,
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in benches));
if (unknown.length > 0) {
  console.error(`error: no benchmark is named ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}`);
  process.exit(2);
}

let missed = 0;
for (const [name, load] of Object.entries(benches)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const bench = await load();
  console.log(`${name}: ${bench.about}`);
  await bench.run((row) => {
    console.log(`  ${row.text}`);
    if (!row.ok) missed += 1;
  });
}
if (missed > 0) {
  console.error(`${missed} budgets missed`);
  process.exitCode = 1;
}
