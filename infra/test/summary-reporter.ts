import type { Reporter, TestCase, TestModule, TestRunEndReason } from 'vitest/node';
import { renderContractTable } from './contract-table.ts';

/**
 * Ends a run's output with `N passed, N failed, N skipped` alone on its line, and names above it what was skipped and why.
 * A file that could not be loaded, a hook around several tests that failed, and an error outside of any test each count as
 * a failure; a run without a test fails.
 */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[], reason: TestRunEndReason): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const inState = (state: string) => tests.filter((test) => test.result().state === state);
    const passed = inState('passed').length;
    const skipped = tests.filter((test) => ['skipped', 'pending'].includes(test.result().state));
    const groups = modules.flatMap((module) => [module, ...module.children.allSuites()]);
    const brokenGroups = groups.filter((group) => group.errors().length > 0).length;
    let failed = inState('failed').length + brokenGroups + unhandledErrors.length;
    const lines = skipped.map((test) => `skipped: ${describeSkipped(test)}`);
    if (passed + failed === 0) {
      lines.push('No test was run.');
      failed = 1;
    }
    if (reason === 'interrupted') lines.push('The run was interrupted.');
    if (failed > 0 || reason !== 'passed') process.exitCode = 1;
    lines.push(...renderContractTable(modules));
    const summary = `${passed} passed, ${failed} failed, ${skipped.length} skipped`;
    // Vitest prints its own summary from another reporter and its warnings later still; this line must be the last.
    process.once('exit', () => process.stdout.write(`\n${[...lines, summary].join('\n')}\n`));
  }
}

function describeSkipped(test: TestCase): string {
  const result = test.result();
  const ofProject = test.project.name === 'mongo' ? test.project.getProvidedContext().mongoReason : undefined;
  const reason = result.state === 'skipped' ? (result.note ?? ofProject) : 'it was not reached';
  return `[${test.project.name}] ${test.module.relativeModuleId} > ${test.fullName} (${reason ?? 'no reason given'})`;
}
