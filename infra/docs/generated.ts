import { fileURLToPath } from 'node:url';
import { consoleVariables } from '@watchword/console';
import { buildOpenApi, gatewayVariables } from '@watchword/gateway';
import { otpVariables } from '@watchword/otp';
import { describeEnvironment, type VariableDescription } from '@watchword/platform';
import { recorderVariables } from '@watchword/recorder';
import { sandboxVariables } from '@watchword/sandbox';
import { standaloneVariables } from '@watchword/standalone';
import { workerVariables } from '@watchword/worker';
import { renderMetrics } from './metrics.ts';

const fileOf = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** In the order of the table; the first service that reads a variable describes it. */
const SCHEMAS = {
  standalone: standaloneVariables,
  gateway: gatewayVariables,
  otp: otpVariables,
  console: consoleVariables,
  worker: workerVariables,
  recorder: recorderVariables,
  sandbox: sandboxVariables,
};

interface Variable extends VariableDescription {
  readonly readBy: string[];
}

/** Every variable once, with the services that read it. */
function collectVariables(): Variable[] {
  const variables = new Map<string, Variable>();
  for (const [service, schema] of Object.entries(SCHEMAS)) {
    for (const description of describeEnvironment(schema)) {
      const known = variables.get(description.name);
      if (known) known.readBy.push(service);
      else variables.set(description.name, { ...description, readBy: [service] });
    }
  }
  return [...variables.values()];
}

function renderTable(): string {
  const rows = collectVariables().map(({ name, default: preset, meaning, readBy }) => {
    const services = readBy.length >= 5 ? 'all' : readBy.join(', ');
    return `| \`${name}\` | ${preset === '' ? '' : `\`${preset}\``} | ${meaning.replaceAll('|', '\\|')} | ${services} |`;
  });
  return ['| variable | default | meaning | read by |', '|---|---|---|---|', ...rows].join('\n');
}

function renderConfiguration(): string {
  const preface =
    'Made by `npm run docs` from the schemas. Everything has a default. Variables that are wrong are all named at once, at start.';
  return `# Configuration\n\n${preface}\n\n${renderTable()}\n`;
}

function renderExample(): string {
  const lines = collectVariables().map(({ name, default: preset, meaning }) => `# ${meaning}\n#${name}=${preset}\n`);
  return `# Everything has a default; see docs/configuration.md. Made by \`npm run docs\`.\n\n${lines.join('\n')}`;
}

export interface GeneratedFile {
  readonly path: string;
  readonly text: string;
}

/** What is generated from the code and committed, so that a change of it shows in a diff. */
export async function generateDocs(): Promise<GeneratedFile[]> {
  return [
    { path: fileOf('docs/configuration.md'), text: renderConfiguration() },
    { path: fileOf('.env.example'), text: renderExample() },
    { path: fileOf('docs/metrics.md'), text: renderMetrics() },
    { path: fileOf('docs/openapi.json'), text: `${JSON.stringify(await buildOpenApi(), null, 2)}\n` },
  ];
}
