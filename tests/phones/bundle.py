# SPDX-License-Identifier: GPL-2.0-or-later
"""bundle.py - an npm package and what it needs as one script for a page

    bundle("JsSIP", Path("node_modules"), "jssip")

is text that defines JsSIP.  CommonJS as Node resolves it, with the browser's
own files where a package names them; nothing is rewritten.
"""
import json
import re
from pathlib import Path

HEAD = """"use strict";
var %s = (function () {
var modules = {}, loaded = {};
function load(name) {
  if (!loaded[name]) {
    var module = loaded[name] = {exports: {}};
    modules[name].body.call(module.exports, module, module.exports,
      function (word) { return load(modules[name].needs[word]); });
  }
  return loaded[name].exports;
}
"""


def main_of(folder):
    package = json.loads((folder / "package.json").read_text())
    browser = package.get("browser")
    return browser if isinstance(browser, str) \
        else package.get("main", "index.js")


def as_file(path):
    for found in (path, path.with_name(path.name + ".js"),
                  path / "index.js"):
        if found.is_file():
            return found.resolve()
    raise FileNotFoundError(path)


def resolve(word, importer, place):
    if word.startswith("."):
        return as_file(importer.parent / word)
    inner = importer.parent
    while inner != place and not (inner / "node_modules" / word).is_dir():
        inner = inner.parent
    folder = place / word if inner == place else inner / "node_modules" / word
    return as_file(folder / main_of(folder))


def bundle(name, place, package):
    place, parts, todo, done = Path(place).resolve(), [HEAD % name], [], set()
    first = resolve(package, place / "page.js", place)
    todo.append(first)
    while todo:
        file = todo.pop()
        if file in done:
            continue
        done.add(file)
        text, needs = file.read_text(), {}
        if file.suffix == ".json":
            text = f"module.exports = {text};"
        else:
            code = re.sub(r"(?m)^\s*(//|\*).*$", "", text)
            for word in re.findall(r"""\brequire\(["']([^"']+)["']\)""", code):
                needs[word] = resolve(word, file, place)
        todo += needs.values()
        parts.append(
            f"modules[{json.dumps(str(file))}] = {{needs: "
            + json.dumps({word: str(to) for word, to in needs.items()})
            + ", body: function (module, exports, require) {\n"
            + text + "\n}};\n")
    parts.append(f"return load({json.dumps(str(first))});\n}})();\n")
    return "".join(parts)
