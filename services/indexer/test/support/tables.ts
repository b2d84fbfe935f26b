/** All rows of all tables: two indexers that agree have the same. */
export async function tablesAt(url: string): Promise<Record<string, unknown[]>> {
  const { __schema } = await ask(
    url,
    "{ __schema { queryType { fields { name type { name kind ofType { name } } } } types { name kind fields { name type { kind name ofType { kind name } } } } } }",
  );
  const types = new Map<string, SchemaType>(
    __schema.types.map((type: SchemaType) => [type.name, type]),
  );
  const tables: Record<string, unknown[]> = {};
  for (const { name, type } of __schema.queryType.fields) {
    const page = type.ofType?.name;
    if (!page?.endsWith("Page")) continue;
    const row = types.get(page.slice(0, -"Page".length));
    const columns = (row?.fields ?? []).filter(isColumn).map((field) => field.name);
    tables[name] = await rowsOf(url, name, columns);
  }
  return tables;
}

interface SchemaField {
  readonly name: string;
  readonly type: SchemaRef;
}
interface SchemaRef {
  readonly kind: string;
  readonly name: string | null;
  readonly ofType?: SchemaRef | null;
}
interface SchemaType {
  readonly name: string;
  readonly fields: readonly SchemaField[] | null;
}

/** Relations lead to other tables, which are read separately. */
function isColumn({ type }: SchemaField): boolean {
  const { kind } = type.kind === "NON_NULL" ? (type.ofType ?? type) : type;
  return kind !== "OBJECT";
}

async function rowsOf(url: string, table: string, columns: readonly string[]): Promise<unknown[]> {
  const rows: unknown[] = [];
  let after: string | null = null;
  for (;;) {
    const data = await ask(
      url,
      `query($after: String) { page: ${table}(limit: 1000, after: $after) { items { ${columns.join(" ")} } pageInfo { hasNextPage endCursor } } }`,
      { after },
    );
    rows.push(...data.page.items);
    if (!data.page.pageInfo.hasNextPage) break;
    after = data.page.pageInfo.endCursor;
  }
  return rows.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

async function ask(url: string, query: string, variables: object = {}) {
  const response = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = JSON.parse(await response.text());
  if (errors) throw new Error(`${query}: ${JSON.stringify(errors)}`);
  return data;
}
