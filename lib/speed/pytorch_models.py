"""PyTorch's side of `deno task bench`: the same models, run eagerly, measured on request.

    python pytorch_models.py

Answers each line of standard input, a JSON object, with one on standard output; in
between it waits and uses no processor, so that both sides can take turns. It ends
when its standard input is closed. The first line comes unasked:

    {"versions": {"python": "...", "torch": "...", "transformers": "..." or null},
     "threads": 2, "capability": "AVX2", "compiles": true}

    {"prepare": NAME, "model": one of MODELS, "settings": {...}}     -> {"first_seconds": 1.2}
    {"measure": NAME, "seconds": 1.5, "least_steps": 1}              -> {"steps": 9, "seconds": 1.6}

An answer {"error": "..."} says what went wrong. Inputs are random: no figure depends on them.

Shapes: B sequences or cells, L tokens, N nodes, K operations, D latent width.
"""

import importlib.metadata
import json
import platform
import shutil
import sys
import time

IGNORED = -100


def build_t5(settings):
    """A lean T5 under teacher forcing: separate projections, nothing that is not needed."""
    import torch
    from torch import nn
    from torch.nn import functional as F

    config, rows = settings["config"], settings["rows"]
    input_length, target_length = settings["inputLength"], settings["targetLength"]
    width, heads, head_width = config["d_model"], config["num_heads"], config["d_kv"]
    epsilon = config["layer_norm_epsilon"]

    def linear(inputs, outputs):
        layer = nn.Linear(inputs, outputs, bias=False)
        nn.init.normal_(layer.weight, std=inputs**-0.5)
        return layer

    class Norm(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(width))

        def forward(self, x):
            return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + epsilon) * self.weight

    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            inner = heads * head_width
            self.norm = Norm()
            self.q, self.k, self.v = (linear(width, inner) for _ in range(3))
            self.o = linear(inner, width)
            # Without the usual 1/sqrt(k), which T5 folds into the initial weights.
            nn.init.normal_(self.q.weight, std=(width * head_width) ** -0.5)

        def forward(self, x, bias, source=None):
            def split(y):
                return y.unflatten(-1, (heads, head_width)).transpose(1, 2)

            normalised = self.norm(x)
            source = normalised if source is None else source
            q, k, v = split(self.q(normalised)), split(self.k(source)), split(self.v(source))
            weights = torch.softmax(q @ k.transpose(-1, -2) + bias, -1)  # [B, H, L, L]
            return x + self.o((weights @ v).transpose(1, 2).flatten(2))

    class FeedForward(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm = Norm()
            self.wi, self.wo = linear(width, config["d_ff"]), linear(config["d_ff"], width)

        def forward(self, x):
            return x + self.wo(F.relu(self.wi(self.norm(x))))

    class Stack(nn.Module):
        def __init__(self, blocks, attentions, bidirectional, length):
            super().__init__()
            self.blocks = nn.ModuleList(
                nn.ModuleList([*(Attention() for _ in range(attentions)), FeedForward()])
                for _ in range(blocks)
            )
            self.bias = nn.Embedding(config["relative_attention_num_buckets"], heads)
            nn.init.normal_(self.bias.weight, std=width**-0.5)
            self.norm = Norm()
            # All distances are below the first logarithmic bucket at these lengths.
            distance = torch.arange(length) - torch.arange(length)[:, None]  # key - query
            half = config["relative_attention_num_buckets"] // 2
            assert length <= half // 2 if bidirectional else length <= half
            buckets = (
                distance.abs() + half * (distance > 0) if bidirectional else (-distance).clamp(min=0)
            )
            self.register_buffer("buckets", buckets)
            causal = torch.zeros(length, length)
            if not bidirectional:
                causal.masked_fill_(distance > 0, -1e9)
            self.register_buffer("causal", causal)

        def forward(self, x, mask_bias, source=None):
            bias = self.bias(self.buckets).permute(2, 0, 1) + self.causal  # [H, L, L]
            own = bias + mask_bias if source is None else bias
            for block in self.blocks:
                x = block[0](x, own)
                if source is not None:
                    x = block[1](x, mask_bias, source)
                x = block[-1](x)
            return self.norm(x)

    class T5(nn.Module):
        def __init__(self):
            super().__init__()
            self.shared = nn.Embedding(config["vocab_size"], width)
            self.encoder = Stack(config["num_layers"], 1, True, input_length)
            self.decoder = Stack(config["num_decoder_layers"], 2, False, target_length)

        def forward(self, ids, mask, decoder_ids, labels):
            mask_bias = ((1 - mask) * -1e9)[:, None, None]
            hidden = self.encoder(self.shared(ids), mask_bias)
            output = self.decoder(self.shared(decoder_ids), mask_bias, hidden)
            logits = F.linear(output * width**-0.5, self.shared.weight)
            return F.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=IGNORED)

    model = T5()
    ids = random_tokens(config, rows, input_length)
    labels = random_tokens(config, rows, target_length)
    mask = torch.ones(rows, input_length)
    decoder_ids = F.pad(labels[:, :-1], (1, 0), value=config["decoder_start_token_id"])
    return training_step(model, lambda: model(ids, mask, decoder_ids, labels), settings)


def build_t5_hugging_face(settings):
    """The same step with transformers' T5ForConditionalGeneration."""
    import torch

    config, rows = settings["config"], settings["rows"]
    model = hugging_face_t5(config).train()
    ids = random_tokens(config, rows, settings["inputLength"])
    labels = random_tokens(config, rows, settings["targetLength"])
    mask = torch.ones_like(ids)

    def loss():
        return model(input_ids=ids, attention_mask=mask, labels=labels, use_cache=False).loss

    return training_step(model, loss, settings)


def build_t5_fine_tuning_hugging_face(settings):
    """A step on both prompts, or on `accumulate` equal parts of it one after the other."""
    import torch

    config, parts = settings["config"], settings["accumulate"]
    model = hugging_face_t5(config).train()
    prompts = []
    for prompt in settings["prompts"].values():
        rows = prompt["rows"] // parts
        ids = random_tokens(config, rows, prompt["inputLength"])
        labels = random_tokens(config, rows, prompt["targetLength"])
        prompts.append((ids, torch.ones_like(ids), labels))
    count = parts * sum(labels.numel() for _, _, labels in prompts)

    def loss():
        """A part's share of the loss of all labels."""
        return sum(
            model(input_ids=ids, attention_mask=mask, labels=labels, use_cache=False).loss
            * (labels.numel() / count)
            for ids, mask, labels in prompts
        )

    return training_step(model, loss, settings)


def build_generation_hugging_face(settings, compiled=False):
    """Sampling from the whole vocabulary by transformers' generate(), with its cache.

    The model is that of a folder, or one of a config with random weights. `compiled`: with a
    cache of fixed size, for which torch.compile makes each step one program.
    """
    import torch

    model = generating_model(settings.get("folder"), settings.get("config"))
    options = {}
    if compiled:
        model.forward = torch.compile(model.forward, dynamic=False)
        options["cache_implementation"] = "static"
    rows = settings["rows"]
    ids = torch.tensor([settings["prompt"]]).expand(rows, -1).contiguous()
    mask = torch.ones_like(ids)

    def step():
        for temperature in settings["temperatures"]:
            model.generate(
                input_ids=ids,
                attention_mask=mask,
                do_sample=True,
                temperature=float(temperature),
                top_k=0,
                max_new_tokens=settings["maxTokens"],
                use_cache=True,
                **options,
            )

    return step


def build_generation_hugging_face_compiled(settings):
    return build_generation_hugging_face(settings, compiled=True)


def generating_model(folder, config):
    if folder is None:
        return hugging_face_t5(config).eval()
    import transformers

    transformers.logging.set_verbosity_error()
    return transformers.T5ForConditionalGeneration.from_pretrained(folder).float().eval()


def build_vqvae(settings):
    """The VQ-VAE of lib/models/vqvae/network.ts, layer by layer; see there for the equations."""
    import torch
    from torch import nn
    from torch.nn import functional as F

    config, rows = settings["config"], settings["rows"]
    nodes, operations = config["nodes"], config["operations"]
    hidden, latent = config["hidden"], config["latentDim"]

    class Gin(nn.Module):
        def __init__(self, width):
            super().__init__()
            self.epsilon = nn.Parameter(torch.zeros(()))
            self.mlp = nn.Sequential()
            for i in range(config["mlpDepth"]):
                self.mlp.append(nn.Linear(hidden if i else width, hidden, bias=False))
                self.mlp.append(nn.BatchNorm1d(hidden, momentum=0.05))
                self.mlp.append(nn.ReLU(inplace=True))

        def forward(self, h, adjacency):
            x = (1 + self.epsilon) * h + torch.bmm(adjacency, h)
            return self.mlp(x.flatten(0, 1)).unflatten(0, (-1, nodes))

    class Vqvae(nn.Module):
        def __init__(self):
            super().__init__()
            self.gin = nn.ModuleList(
                Gin(hidden if layer else operations) for layer in range(config["layers"])
            )
            self.output = nn.Linear(hidden, latent)
            self.codebook = nn.Parameter(torch.randn(config["codebookSize"], latent))
            self.operations = nn.Linear(latent, operations)
            self.register_buffer("above", torch.ones(nodes, nodes).triu(1))

        def forward(self, one_hot, targets, adjacency):
            undirected = adjacency + adjacency.transpose(1, 2)
            h = one_hot
            for layer in self.gin:
                h = layer(h, undirected)
            z = self.output(h.flatten(0, 1))  # [B·N, D]
            with torch.no_grad():
                # |z - e|² but for |z|², which no choice of e changes.
                squares = self.codebook.square().sum(1)
                codes = torch.addmm(squares, z, self.codebook.t(), alpha=-2).argmin(1)
            vectors = F.embedding(codes, self.codebook)
            codebook_loss = (z.detach() - vectors).square().sum()
            commitment_loss = (z - vectors.detach()).square().sum()
            zq = z + (vectors - z).detach()
            operation_loss = F.cross_entropy(
                self.operations(zq), targets, ignore_index=IGNORED, reduction="sum"
            )
            pairs = zq.unflatten(0, (-1, nodes))
            edge_loss = F.binary_cross_entropy_with_logits(
                torch.bmm(pairs, pairs.transpose(1, 2)), adjacency, self.above, reduction="sum"
            )
            quantization = config["quantizationCost"] * (
                codebook_loss + config["commitmentCost"] * commitment_loss
            )
            return (operation_loss + edge_loss + quantization) / adjacency.shape[0]

    model = Vqvae().train()
    # As in training, a step takes its cells out of the data set.
    count = settings["cells"]
    labels = torch.randint(operations, (count, nodes))
    one_hots = F.one_hot(labels, operations).float()
    adjacencies = torch.randint(2, (count, nodes, nodes)).float().triu(1)

    def loss():
        cells = torch.randint(count, (rows,))
        return model(one_hots[cells], labels[cells].flatten(), adjacencies[cells])

    return training_step(model, loss, settings)


def hugging_face_t5(config):
    import transformers

    transformers.logging.set_verbosity_error()
    return transformers.T5ForConditionalGeneration(transformers.T5Config(**config))


def random_tokens(config, rows, length):
    import torch

    return torch.randint(2, config["vocab_size"], (rows, length))


def training_step(model, loss, settings):
    """Forward, gradients, and torch.optim.AdamW in its faster, fused form.

    `accumulate` losses are added up, if set, and the gradient is clipped to `clipNorm`.
    """
    import torch

    optimizer = torch.optim.AdamW(
        model.parameters(),
        lr=1e-3,
        betas=(0.9, settings["beta2"]),
        weight_decay=settings["weightDecay"],
        fused=True,
    )

    def step():
        optimizer.zero_grad(set_to_none=True)
        for _ in range(settings.get("accumulate", 1)):
            value = loss()
            value.backward()
        if "clipNorm" in settings:
            torch.nn.utils.clip_grad_norm_(model.parameters(), settings["clipNorm"])
        optimizer.step()
        return value.item()

    return step


MODELS = {
    "t5": build_t5,
    "t5-hugging-face": build_t5_hugging_face,
    "t5-fine-tuning-hugging-face": build_t5_fine_tuning_hugging_face,
    "generation-hugging-face": build_generation_hugging_face,
    "generation-hugging-face-compiled": build_generation_hugging_face_compiled,
    "vqvae": build_vqvae,
}


def answer(request, steps):
    """Answers one request; `steps` holds the prepared ones by name."""
    if "prepare" in request:
        step = MODELS[request["model"]](request["settings"])
        start = time.perf_counter()
        step()
        first = time.perf_counter() - start
        step()
        steps[request["prepare"]] = step
        return {"first_seconds": first}
    step = steps[request["measure"]]
    step()  # brings threads and caches back
    count, start = 0, time.perf_counter()
    while True:
        step()
        count += 1
        seconds = time.perf_counter() - start
        if count >= request["least_steps"] and seconds >= request["seconds"]:
            return {"steps": count, "seconds": seconds}


def version(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def main():
    def tell(message):
        print(json.dumps(message), flush=True)

    try:
        import torch
    except ImportError as error:
        tell({"error": str(error)})
        return
    torch.manual_seed(0)
    versions = {"python": platform.python_version(), "torch": torch.__version__}
    versions["transformers"] = version("transformers")
    capability = torch.backends.cpu.get_cpu_capability()
    compiles = any(shutil.which(name) for name in ("g++", "clang++"))
    tell(
        {
            "versions": versions,
            "threads": torch.get_num_threads(),
            "capability": capability,
            "compiles": compiles,
        }
    )
    steps = {}
    for line in sys.stdin:
        try:
            tell(answer(json.loads(line), steps))
        except Exception as error:  # whatever it is, the other side must hear of it
            tell({"error": f"{type(error).__name__}: {error}"})


if __name__ == "__main__":
    main()
