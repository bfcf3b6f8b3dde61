import { describe, expect, it } from "vitest";
import { commands } from "./commands.ts";
import { helpText } from "./help.ts";
import { integerOption, parseCommandLine, positiveOption, textOption } from "./parse.ts";

describe("parseCommandLine", () => {
  it("keeps every --set, in order, in both spellings", async () => {
    const line = await parseCommandLine(["run", "x", "--set", "a=1", "--set=b=-2", "--seed", "3", "--json"]);
    expect(line.positionals).toEqual(["x"]);
    expect(line.options.get("set")).toEqual(["a=1", "b=-2"]);
    expect(integerOption(line, "seed", 0)).toBe(3);
    expect(line.options.has("json")).toBe(true);
    expect(textOption(line, "out")).toBeUndefined();
  });

  it("takes several folders for report", async () => {
    expect((await parseCommandLine(["report", "a", "b", "--out", "c.html"])).positionals).toEqual(["a", "b"]);
  });

  it.each([
    [["run", "x", "--stesp", "3"], "there is no option --stesp. Did you mean --steps?"],
    [["run", "x", "--no-json"], "there is no option --no-json."],
    [["run", "x", "-q"], "there is no option -q"],
    [["rnu", "x"], 'there is no command "rnu". Did you mean run?'],
    [["list", "--set", "a=1"], "there is no option --set"],
    [["run", "x", "--seed"], "--seed needs a value: --seed N."],
    [["run", "x", "--set", "--json"], "--set needs a value"],
    [["run", "x", "--json=yes"], '--json takes no value, got "yes"'],
    [["run", "x", "--seed", "1", "--seed", "2"], "--seed was given more than once"],
    [["run"], "NAME is missing"],
    [["run", "x", "y"], 'unexpected argument "y"'],
    [["list", "y"], 'unexpected argument "y"'],
    [["--verson"], "there is no option --verson. Did you mean --version?"],
  ])("refuses %j", async (argv, message) => {
    await expect(parseCommandLine(argv)).rejects.toThrow(message);
  });

  it.each(["-1", "1.5", "many", "", "1e20"])("refuses --steps %j", async (text) => {
    const line = await parseCommandLine(["run", "x", `--steps=${text}`]);
    expect(() => integerOption(line, "steps", 0)).toThrow("--steps must be an integer of at least 0");
  });

  it("refuses a duration that is not above 0", async () => {
    const line = await parseCommandLine(["run", "x", "--checkpoint-every", "0"]);
    expect(() => positiveOption(line, "checkpoint-every")).toThrow("must be a number above 0");
  });

  it("finds help and version everywhere", async () => {
    for (const { name } of commands) {
      expect((await parseCommandLine([name, "--help"])).options.has("help")).toBe(true);
      expect((await parseCommandLine([name, "-v"])).options.has("version")).toBe(true);
      expect((await parseCommandLine(["help", name])).command?.name).toBe(name);
    }
    expect((await parseCommandLine([])).options.has("help")).toBe(true);
  });
});

describe("helpText", () => {
  it("names every command and every option", () => {
    for (const command of commands) {
      expect(helpText(undefined)).toContain(command.summary);
      for (const name of Object.keys(command.options)) expect(helpText(command)).toContain(`--${name}`);
    }
  });
});
