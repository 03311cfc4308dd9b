/** A node of a plan, as MongoDB or DocumentDB describes it. */
type Plan = Readonly<Record<string, unknown>>;

/**
 * The index of a `queryPlanner` explanation; `id` for that of the ids, null when the collection is read as a whole.
 *
 * MongoDB: https://www.mongodb.com/docs/manual/reference/explain-results/ (`winningPlan`, by `stage` and `indexName`).
 * DocumentDB gives PostgreSQL's plan (`Plan`, by `Node Type` and `Index Name`), in which reading a whole collection goes by
 * the index of the ids as well, with the shard alone as its condition.
 */
export function indexOfExplanation(explanation: object): string | null {
  const nodes = nodesOf(explanation).filter((node) => typeof (node.stage ?? node['Node Type']) === 'string');
  if (nodes.some(({ stage }) => stage === 'COLLSCAN')) return null;
  const names = nodes.map(indexOfNode).filter((name) => name !== undefined);
  const [name] = names.toSorted((one, other) => Number(one === IDS) - Number(other === IDS));
  if (name === undefined) return null;
  return name === IDS ? 'id' : name;
}

const IDS = '_id_';

function indexOfNode(node: Plan): string | undefined {
  const { stage } = node;
  if (stage === 'IDHACK' || stage === 'EXPRESS_CLUSTERED_IXSCAN') return IDS;
  if (typeof node.indexName === 'string') return node.indexName;
  const name = node['Index Name'];
  if (typeof name !== 'string') return undefined;
  return name === IDS && !String(node['Index Cond']).includes('object_id') ? undefined : name;
}

/** What was weighed and rejected is no part of the plan. */
function nodesOf(plan: unknown): Plan[] {
  if (Array.isArray(plan)) return plan.flatMap(nodesOf);
  if (typeof plan !== 'object' || plan === null) return [];
  const parts = Object.entries(plan).filter(([name]) => name !== 'rejectedPlans' && name !== 'command');
  return [plan as Plan, ...parts.flatMap(([, part]) => nodesOf(part))];
}
