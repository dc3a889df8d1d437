/** Names each test that passed only when it was tried again: it is to be mended, although nothing failed. */
import type { Reporter, TestModule } from 'vitest/node';

export class Retried implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    for (const line of modules.flatMap(retriedIn)) console.error(line);
  }
}

function retriedIn(module: TestModule): readonly string[] {
  return [...module.children.allTests('passed')]
    .filter((test) => test.diagnostic()?.flaky)
    .map((test) => `passed only when tried again: ${module.relativeModuleId} > ${test.fullName}`);
}
