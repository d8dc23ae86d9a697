#!/usr/bin/env python3
"""Texts under constraints: 200 JSON schemas made from a seed, what `aigc` writes for each, and what PyPI's `jsonschema` says of it.

    Scripts/benchmarks/constraints.py MODEL... [--aigc FILE] [--count N] [--seed N] [--max-tokens N]
    Scripts/benchmarks/constraints.py smoke

MODEL is a folder, a GGUF file or a name. Printed are how many schemas were refused, how many texts were written and how many of
these do not parse or do not validate; exit code 1 where one does not. Needs jsonschema[format-nongpl] 4.26 and rfc3339-validator.
smoke writes four texts of a bundled model and only parses them where jsonschema is missing.
"""
import argparse, json, os, random, subprocess, sys, tempfile

sys.dont_write_bytecode = True
try:
    import jsonschema
except ImportError:
    jsonschema = None

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))

NAMES = ["name", "age", "标题", "city", "tags", "a b", "price", "é", "items", "ok", "数量", "id"]
TEXTS = ["red", "green", "蓝色", "a\"b", "c\\d", "line\nend", "😀", "", "x y", "Ünï"]
PATTERNS = ["^[A-Z]{2}-[0-9]{3}$", "^(foo|bar|中文)+$", "^\\d{4}(-\\d{2})?$", "^[^a-z\"]{1,5}$", "^\\w+@\\w+\\.(com|org)$",
            "^.{2,4}$", "[xyz]", "^\\s?end", "^(a|b(c|d)*)?$", "^[\\u4e00-\\u9fff]{1,6}$"]


def number(r, whole):
    s = {"type": "integer" if whole else "number"}
    if r.random() < .6:
        low = r.choice([0, 1, -5, -1000, 17, -123, 999, 100000])
        s[r.choice(["minimum", "exclusiveMinimum"])] = low
        if r.random() < .7: s[r.choice(["maximum", "exclusiveMaximum"])] = low + r.choice([2, 9, 100, 1234, 100001])
    elif not whole and r.random() < .4: s.update({"minimum": r.choice([-2.5, .25, 9.99]), "maximum": r.choice([10.5, 1e4])})
    elif r.random() < .3: s["maximum"] = r.choice([0, -7, 50, 12345])
    return s


def string(r):
    k = r.randrange(5)
    if k == 0: return {"type": "string"}
    if k == 1:
        low = r.randrange(6); return {"type": "string", "minLength": low, "maxLength": low + r.randrange(12)}
    if k == 2: return {"type": "string", "pattern": r.choice(PATTERNS)}
    if k == 3: return {"type": "string", "format": r.choice(["date", "time", "date-time", "uuid"])}
    return {"type": "string", r.choice(["minLength", "maxLength"]): r.randrange(1, 9)}


def schema(r, depth):
    k = r.randrange(12 if depth > 0 else 7)
    if k < 2: return string(r)
    if k == 2: return number(r, True)
    if k == 3: return number(r, False)
    if k == 4: return {"enum": r.sample(TEXTS + [1, -2.5, None, True, [1, "二"], {"k": "v"}], r.randrange(1, 6))}
    if k == 5: return r.choice([{"type": "boolean"}, {"type": "null"}, {"const": r.choice(TEXTS)}, {}, True])
    if k == 6: return {"type": r.sample(["string", "integer", "null", "boolean"], 2)}
    if k in (7, 8):
        s = {"type": "array"}
        if r.random() < .8: s["items"] = schema(r, depth - 1)
        if r.random() < .3: s["prefixItems"] = [schema(r, depth - 1) for _ in range(r.randrange(1, 4))]
        if r.random() < .5: s["minItems"] = r.randrange(4)
        if r.random() < .5: s["maxItems"] = s.get("minItems", 0) + r.randrange(4)
        return s
    if k in (9, 10):
        names = r.sample(NAMES, r.randrange(1, 6))
        s = {"type": "object", "properties": {n: schema(r, depth - 1) for n in names}}
        s["required"] = [n for n in names if r.random() < .5]
        p = r.random()
        if p < .3: s["additionalProperties"] = False
        elif p < .5: s["additionalProperties"] = schema(r, 0)
        return s
    if r.random() < .5: return {"anyOf": [schema(r, depth - 1) for _ in range(r.randrange(1, 4))]}
    return {"allOf": [
        {"type": "object", "properties": {"名": schema(r, depth - 1)}, "required": ["名"]},
        {"properties": {"zz": schema(r, depth - 1)}}]}


def recursive(r):
    return {"$ref": "#/$defs/node", "$defs": {"node": {"type": "object", "properties": {
        "值": schema(r, 1), "kids": {"type": "array", "items": {"$ref": "#/$defs/node"}, "maxItems": 3}}, "required": ["值"]}}}


def schemas(count=200, seed=21):
    r = random.Random(seed)
    return [recursive(r) if i % 20 == 0 else
            {"oneOf": [{"type": "object", "properties": {"kind": {"const": c}, "v": schema(r, 1)}, "required": ["kind"]} for c in ("一", "b")]}
            if i % 20 == 1 else schema(r, 3) for i in range(count)]


def check(options, model, path, number, made):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(made, file)
    run = subprocess.run(
        [options.aigc, "generate", "text", "--model", model, "--json-schema", path, "-p", "An example: ", "--seed", str(number), "-n",
         str(options.max_tokens), "--json"], capture_output=True, text=True)
    if run.returncode:
        # What a model has no characters for, and what needs more tokens, is told so.
        if run.returncode == 4:
            return "characters"
        return "limit" if "--max-tokens" in run.stderr else run.stderr.strip()
    text = json.loads(run.stdout)["samples"][0]["text"]
    if not jsonschema:
        json.loads(text)
        return None
    validator = jsonschema.Draft202012Validator(made, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)
    try:
        validator.validate(json.loads(text))
    except (ValueError, jsonschema.ValidationError) as error:
        return "%r: %s" % (text, str(error).splitlines()[0])
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--aigc", default=os.path.join(ROOT, "Scripts/aigc"))
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=21)
    parser.add_argument("--max-tokens", type=int, default=120)
    options = parser.parse_args()
    if options.models == ["smoke"]:
        options.models, options.count = ["stories"], 4
        if not jsonschema:
            print("constraints: jsonschema is missing, texts are only parsed")
    elif not jsonschema:
        parser.error("the package jsonschema is needed")
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        for model in options.models:
            valid, limits, others = 0, 0, 0
            for number, made in enumerate(schemas(options.count, options.seed)):
                problem = check(options, model, os.path.join(folder, "schema.json"), number, made)
                limits += problem == "limit"
                others += problem == "characters"
                valid += problem is None
                if problem not in (None, "limit", "characters"):
                    bad += 1
                    print("%s, schema %d: %s\n  %s" % (model, number, problem, json.dumps(made, ensure_ascii=False)))
            print("%s: %d schemas, %d valid texts, %d need more tokens, %d other characters" % (
                model, options.count, valid, limits, others), flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
