import type { TestCase, TestModule } from 'vitest/node';

/** Each implementation that the contract suite of the records is run against, by the files that do so. */
const IMPLEMENTATIONS = [
  { name: 'SQLite', files: /^packages\/records\/test\/sqlite[^/]*[.]test[.]ts$/ },
  { name: 'MongoDB wire', files: /^packages\/records\/test\/[^/]*[.]mongo[.]test[.]ts$/ },
];
/** How the suite is called in each of them. */
const CONTRACT = /\bcontract$/;
const MS_PER_SECOND = 1_000;

/** What the contract suite of the records said about each of its implementations, side by side; nothing unless all were tried. */
export function renderContractTable(modules: readonly TestModule[]): string[] {
  const columns = IMPLEMENTATIONS.map(({ name, files }) => {
    const ofThese = modules.filter((module) => files.test(module.relativeModuleId));
    const tests = ofThese.flatMap((module) => Array.from(module.children.allTests())).filter(isOfContract);
    return { name, tests };
  });
  if (columns.some(({ tests }) => tests.length === 0)) return [];
  const rows = [
    ['records contract', ...columns.map(({ name }) => name)],
    ['passed', ...columns.map(({ tests }) => countPassed(tests))],
    ['time', ...columns.map(({ tests }) => timeOf(tests))],
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function isOfContract(test: TestCase): boolean {
  for (let group = test.parent; group.type !== 'module'; group = group.parent) {
    if (CONTRACT.test(group.name)) return true;
  }
  return false;
}

const isSkipped = (test: TestCase): boolean => ['skipped', 'pending'].includes(test.result().state);

function countPassed(tests: readonly TestCase[]): string {
  const passed = tests.filter((test) => test.result().state === 'passed').length;
  const skipped = tests.filter(isSkipped).length;
  return `${passed} of ${tests.length}${skipped > 0 ? ` (${skipped} skipped)` : ''}`;
}

function timeOf(tests: readonly TestCase[]): string {
  if (tests.every(isSkipped)) return '-';
  const ms = tests.reduce((sum, test) => sum + (test.diagnostic()?.duration ?? 0), 0);
  return `${(ms / MS_PER_SECOND).toFixed(1)} s`;
}
