/**
 * Real engines for tests, out of Debian's packages: nothing is installed. They are unpacked to
 * a folder outside the project, and run on free ports of this machine alone.
 *
 * @module
 */

import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { exists } from "../../lib/core/files.ts";
import { outputOf } from "../../lib/core/processes.ts";

/** Packages, with what they need beside a plain system. */
const PACKAGES = ["redis-server", "slurmctld", "slurmd", "slurm-client"];

/** Outside the project, also where HOME is set to nothing. */
const CACHE = join(
  Deno.env.get("XDG_CACHE_HOME") ||
    join(Deno.env.get("HOME") || "/tmp", ".cache"),
  "arch-llm-engines",
);

/**
 * Where the engines lie, unpacked at the first call; null where they cannot be had: no Debian,
 * no network, not the user that SLURM asks for.
 */
export async function engines(): Promise<string | null> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return null;
  const root = join(CACHE, "root");
  if (await exists(root)) return root;
  try {
    await Deno.mkdir(CACHE, { recursive: true });
    // Made elsewhere and renamed: what is there is whole.
    const folder = await Deno.makeTempDir({ dir: CACHE });
    const simulate = [
      ...["apt-get", "install", "--simulate", "--no-install-recommends"],
      ...PACKAGES,
    ];
    const plan = await _shell(folder, simulate).catch(async () => {
      await _shell(folder, ["apt-get", "update"]);
      return await _shell(folder, simulate);
    });
    const missing = [...plan.matchAll(/^Inst (\S+)/gm)].map(([, name]) => name);
    await _shell(folder, ["apt-get", "download", ...missing]);
    const packages = await Array.fromAsync(Deno.readDir(folder));
    for (const { name } of packages) {
      await _shell(folder, ["dpkg", "-x", name, "root"]);
    }
    await Deno.rename(join(folder, "root"), root);
    await Deno.remove(folder, { recursive: true });
    return root;
  } catch {
    return null;
  }
}

async function _shell(cwd: string, command: string[]): Promise<string> {
  const output = await outputOf(command, { cwd });
  if (output === null) throw new Error(`${command.join(" ")} failed`);
  return output;
}

function _libraries(root: string): string {
  const libraries = join(root, "usr/lib/x86_64-linux-gnu");
  return `${libraries}:${libraries}/slurm-wlm`;
}

/** A port that nobody listens on. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}

/** A process, as /proc has it. */
export interface Process {
  readonly exe: string;
  readonly command: readonly string[];
  readonly environ: readonly string[];
}

/** Kills processes of this machine, one by one, without a word; returns how many. */
export async function killAll(
  isMeant: (process: Process) => boolean,
): Promise<number> {
  let killed = 0;
  const words = async (path: string) =>
    (await Deno.readTextFile(path)).split("\0");
  for await (const { name } of Deno.readDir("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === Deno.pid) continue;
    try {
      const process = {
        exe: await Deno.readLink(`/proc/${pid}/exe`),
        command: await words(`/proc/${pid}/cmdline`),
        environ: await words(`/proc/${pid}/environ`),
      };
      if (!isMeant(process)) continue;
      Deno.kill(pid, "SIGKILL");
      killed++;
    } catch {
      // It has ended, or is one of the system.
    }
  }
  return killed;
}

/** A program that a test has started, and can kill and start again. */
class Daemon implements AsyncDisposable {
  #child: Deno.ChildProcess | null = null;

  constructor(
    readonly command: readonly string[],
    readonly env: Readonly<Record<string, string>>,
    readonly log: string,
  ) {}

  start(): void {
    // Files take what it prints: a pipe that nobody reads would stop it.
    this.#child = new Deno.Command("sh", {
      args: [
        "-c",
        'log=$1; shift; ulimit -c 0; exec "$@" >>"$log" 2>&1',
        "sh",
        this.log,
        ...this.command,
      ],
      env: this.env,
      stdin: "null",
    }).spawn();
  }

  /** Kills it without a word. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null) return;
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
    await child.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

async function _until(
  what: string,
  isSo: () => Promise<boolean>,
  seconds = 30,
): Promise<void> {
  const end = performance.now() + 1000 * seconds;
  while (!await isSo()) {
    if (performance.now() > end) throw new Error(`${what} took too long`);
    await delay(100);
  }
}

/** A SLURM of one machine, whose commands are found by this process and all it starts. */
export class Slurm implements AsyncDisposable {
  private constructor(
    readonly controller: Daemon,
    readonly node: Daemon,
    readonly folder: string,
    readonly before: Readonly<Record<string, string | undefined>>,
  ) {}

  /** Starts it, with its files in a folder. */
  static async start(root: string, folder: string): Promise<Slurm> {
    const host = Deno.hostname().split(".")[0];
    await Deno.mkdir(join(folder, "state"), { recursive: true });
    await Deno.mkdir(join(folder, "spool"), { recursive: true });
    const path = join(folder, "slurm.conf");
    await Deno.writeTextFile(
      path,
      `ClusterName=test
SlurmctldHost=${host}(127.0.0.1)
SlurmctldPort=${freePort()}
SlurmdPort=${freePort()}
AuthType=auth/none
AuthInfo=cred_expire=5
CredType=cred/none
MpiDefault=none
PluginDir=${root}/usr/lib/x86_64-linux-gnu/slurm-wlm
StateSaveLocation=${folder}/state
SlurmdSpoolDir=${folder}/spool
SlurmctldPidFile=${folder}/slurmctld.pid
SlurmdPidFile=${folder}/slurmd.pid
SlurmUser=root
SlurmdUser=root
SlurmdParameters=config_overrides
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SwitchType=switch/none
SchedulerParameters=sched_interval=1,sched_min_interval=0,batch_sched_delay=0
SlurmdTimeout=6
KillWait=5
MinJobAge=60
ReturnToService=2
NodeName=${host} NodeAddr=127.0.0.1 CPUs=8 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
`,
    );
    const env = {
      SLURM_CONF: path,
      LD_LIBRARY_PATH: _libraries(root),
      PATH: `${root}/usr/bin:${Deno.env.get("PATH")}`,
    };
    const before: Record<string, string | undefined> = {};
    for (const [name, value] of Object.entries(env)) {
      before[name] = Deno.env.get(name);
      Deno.env.set(name, value);
    }
    const controller = new Daemon(
      [`${root}/usr/sbin/slurmctld-wlm`, "-D"],
      env,
      join(folder, "slurmctld.log"),
    );
    const node = new Daemon(
      [
        `${root}/usr/sbin/slurmd-wlm`,
        "-D",
        "-d",
        `${root}/usr/sbin/slurmstepd-wlm`,
      ],
      env,
      join(folder, "slurmd.log"),
    );
    const slurm = new Slurm(controller, node, folder, before);
    controller.start();
    node.start();
    await _until(
      "starting SLURM",
      async () =>
        (await outputOf(["sinfo", "--noheader", "--format=%t"])) === "idle",
    );
    return slurm;
  }

  /** Kills the machine that jobs run on, and all that runs there. */
  async killNode(): Promise<void> {
    await this.node.kill();
    // There may be another SLURM on this machine: it is left alone.
    const conf = `SLURM_CONF=${this.folder}/slurm.conf`;
    const isOurs = ({ environ }: Process) => environ.includes(conf);
    await killAll((one) => isOurs(one) && one.exe.endsWith("slurmstepd-wlm"));
    await killAll((one) =>
      isOurs(one) &&
      one.environ.some((entry) => entry.startsWith("SLURM_JOB_NAME=arch-llm-"))
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.killNode();
    await this.controller.kill();
    for (const [name, value] of Object.entries(this.before)) {
      if (value === undefined) Deno.env.delete(name);
      else Deno.env.set(name, value);
    }
  }
}

/** A Redis with a password, which writes down each change. */
export class Redis implements AsyncDisposable {
  private constructor(
    readonly server: Daemon,
    /** With the password. */
    readonly url: string,
  ) {}

  static async start(root: string, folder: string): Promise<Redis> {
    const port = freePort(), password = "a pass/word";
    await Deno.mkdir(folder, { recursive: true });
    const server = new Daemon(
      [
        join(root, "usr/bin/redis-server"),
        ...["--bind", "127.0.0.1", "--port", `${port}`, "--dir", folder],
        ...["--requirepass", password, "--appendonly", "yes"],
        ...["--appendfsync", "always", "--save", ""],
      ],
      { LD_LIBRARY_PATH: _libraries(root) },
      join(folder, "redis.log"),
    );
    server.start();
    const redis = new Redis(
      server,
      `redis://:${encodeURIComponent(password)}@127.0.0.1:${port}`,
    );
    await redis.ready();
    return redis;
  }

  /** Waits until it takes connections. */
  ready(): Promise<void> {
    const port = Number(new URL(this.url).port);
    return _until("starting Redis", async () => {
      try {
        (await Deno.connect({ hostname: "127.0.0.1", port })).close();
        return true;
      } catch {
        return false;
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.kill();
  }
}

/**
 * A folder with the Python package `bullmq` for a Python; null where it cannot be had.
 *
 * @param python A program.
 */
export async function bullmqForPython(python: string): Promise<string | null> {
  const packages = join(CACHE, "python");
  const isThere = async () =>
    await outputOf([
      ...["env", `PYTHONPATH=${packages}`, python, "-c", "import bullmq"],
    ]) !== null;
  if (await isThere()) return packages;
  await outputOf([
    ...[
      python,
      "-m",
      "pip",
      "install",
      "--quiet",
      "--upgrade",
      "--target",
      packages,
    ],
    "bullmq==3.4.4",
  ]);
  return await isThere() ? packages : null;
}
