<%
    tags = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            tags.setdefault(operation["tags"][0], []).append((method.upper(), path, operation))

    def shape(schema, depth=0):
        """A schema as short text."""
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            return name if depth > 3 else shape(document["components"]["schemas"][name], depth + 1)
        if "properties" in schema:
            required = schema.get("required", ())
            return "{" + ", ".join(
                f"{name}{'' if name in required else '?'}: {shape(field, depth + 1)}"
                for name, field in schema["properties"].items()
            ) + "}"
        if "anyOf" in schema:
            return " | ".join(shape(option, depth + 1) for option in schema["anyOf"])
        if schema.get("type") == "array":
            return f"[{shape(schema.get('items', {}), depth + 1)}]"
        return str(schema.get("type", "anything"))
%>\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${document["info"]["title"]} API</title>
<style>
  :root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }
  body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
  details { border-top: 1px solid color-mix(in oklch, currentColor 20%, transparent); padding: .5rem 0 }
  summary { cursor: pointer }
  code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere }
  .method { display: inline-block; min-width: 4.5rem; font-weight: 600 }
  dt { font-weight: 600; margin-top: .5rem }
  dd { margin: 0 0 0 1rem }
</style>
<h1>${document["info"]["title"]} API ${document["info"]["version"]}</h1>
<p>The same for programs: <a href="openapi.json">openapi.json</a>. Sign in with <code>POST /api/v1/auths/signin</code> and
send the token as <code>Authorization: Bearer …</code>; lines with a lock need one.</p>
% for tag, operations in tags.items():
<h2>${tag}</h2>
% for method, path, operation in operations:
<details>
  <summary><code class="method">${method}</code><code>${path}</code> ${operation["summary"]}${" 🔒" if "security" in operation else ""}</summary>
  <dl>
  % if operation["parameters"]:
    <dt>Parameters</dt>
    % for parameter in operation["parameters"]:
    <dd><code>${parameter["name"]}</code> (${parameter["in"]}): <code>${shape(parameter["schema"])}</code></dd>
    % endfor
  % endif
  % if "requestBody" in operation:
    <dt>Body</dt><dd><code>${" or ".join(shape(content["schema"]) if "schema" in content else kind for kind, content in operation["requestBody"]["content"].items())}</code></dd>
  % endif
  % for status, response in operation["responses"].items():
    <dt>${status} ${response["description"]}</dt>
    % for media_type, content in response.get("content", {}).items():
    <dd>${media_type}${": " if content else ""}<code>${shape(content["schema"]) if content else ""}</code></dd>
    % endfor
  % endfor
  </dl>
</details>
% endfor
% endfor
</html>
