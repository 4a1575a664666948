// Draws every operation of /api/openapi.json with a form to try it.

const METHODS_WITH_EFFECT = new Set(["post", "put", "patch", "delete"]);

const document_ = await (await fetch("/api/openapi.json")).json();

function element(name, properties = {}, children = []) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function resolve(schema) {
  const place = schema?.$ref;
  return place ? place.slice(2).split("/").reduce((part, key) => part[key], document_) : schema;
}

// A body that a reader can start from: every field with its default, or with what its type begins with.
function example(given) {
  const schema = resolve(given) ?? {};
  if (schema.default !== undefined) return schema.default;
  const variant = schema.anyOf?.[0] ?? schema;
  if (variant.enum) return variant.enum[0];
  if (variant.$ref) return example(variant);
  if (variant.type === "object")
    return Object.fromEntries(
      Object.entries(variant.properties ?? {}).map(([name, field]) => [name, example(field)]),
    );
  if (variant.type === "array") return [example(variant.items)];
  return { integer: variant.minimum ?? 0, number: variant.minimum ?? 0, boolean: false }[variant.type] ?? "";
}

function input(parameter) {
  const schema = resolve(parameter.schema) ?? {};
  const field = element("input", { name: parameter.name, required: Boolean(parameter.required) });
  field.placeholder = String(schema.default ?? schema.type ?? "");
  field.dataset.in = parameter.in;
  return element("label", {}, [parameter.name, field]);
}

async function send(method, path, form) {
  const query = new URLSearchParams();
  let address = path;
  for (const field of form.querySelectorAll("input[data-in]")) {
    if (field.value === "") continue;
    if (field.dataset.in === "path") address = address.replace(`{${field.name}}`, encodeURIComponent(field.value));
    if (field.dataset.in === "query") query.set(field.name, field.value);
  }
  const request = { method: method.toUpperCase(), headers: {} };
  if (METHODS_WITH_EFFECT.has(method)) {
    const me = await (await fetch("/api/me")).json();
    request.headers["X-CSRF-Token"] = me.csrf_token;
  }
  const text = form.querySelector("textarea");
  const file = form.querySelector("input[type=file]");
  if (text) {
    request.body = text.value;
    request.headers["Content-Type"] = "application/json";
  } else if (file?.files.length) {
    request.body = new FormData();
    request.body.append(file.name, file.files[0]);
  }
  const response = await fetch(query.size ? `${address}?${query}` : address, request);
  const answer = await response.text();
  let shown = answer;
  try {
    shown = JSON.stringify(JSON.parse(answer), null, 2);
  } catch {
    // not JSON: shown as it came
  }
  return `${response.status} ${response.statusText}\n\n${shown}`;
}

function body(operation) {
  const content = operation.requestBody?.content ?? {};
  if (content["multipart/form-data"]) {
    const [name] = Object.keys(resolve(content["multipart/form-data"].schema).properties);
    return [element("label", {}, [name, element("input", { type: "file", name })])];
  }
  if (!content["application/json"]) return [];
  const value = JSON.stringify(example(content["application/json"].schema), null, 2);
  return [element("label", {}, ["Body", element("textarea", { value, rows: value.split("\n").length })])];
}

function draw(method, path, operation) {
  const result = element("pre", { hidden: true });
  const form = element("form", {}, [
    ...operation.parameters.map(input),
    ...body(operation),
    element("button", { textContent: "Send" }),
  ]);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    result.hidden = false;
    result.textContent = "…";
    result.textContent = await send(method, path, form).catch(String);
  });
  const answers = Object.entries(operation.responses).map(([status, { description }]) =>
    element("li", {}, [element("code", { textContent: status }), ` ${description}`]),
  );
  return element("details", {}, [
    element("summary", {}, [
      element("code", { textContent: `${method.toUpperCase()} ${path}` }),
      ` ${operation.summary}`,
    ]),
    element("ul", {}, answers),
    form,
    result,
  ]);
}

const operations = document.getElementById("operations");
for (const { name } of document_.tags) {
  operations.append(element("h2", { textContent: name }));
  for (const [path, methods] of Object.entries(document_.paths))
    for (const [method, operation] of Object.entries(methods))
      if (operation.tags.includes(name)) operations.append(draw(method, path, operation));
}
document.getElementById("state").remove();
