import { defineConfig } from 'vitest/config';

/** Three sizes: `unit` beside the sources, `whole` under test/, `long` on demand. The limits only end what hangs. */
export default defineConfig({
  resolve: { conditions: ['plumb-source'] },
  ssr: { resolve: { conditions: ['plumb-source', 'node', 'import', 'default'] } },
  test: {
    expect: { poll: { timeout: 200_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'client/src/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      {
        extends: true,
        // The tools start processes and read the whole tree.
        test: {
          name: 'whole',
          include: ['test/**/*.test.ts', 'tools/**/*.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
      {
        extends: true,
        test: { name: 'long', include: ['test/**/*.long.ts'], testTimeout: 3_600_000, hookTimeout: 600_000 },
      },
    ],
  },
});
