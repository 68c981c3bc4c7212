"""Several tails for one prompt from a GGUF model, the same tails whatever was asked before or beside.

Sums of floats depend on the shape of a batch, so the shapes are kept fixed: flash attention off, one stream of the
key-value cache per sequence, one prompt per prefill, prefill and decoding never mixed, single rows padded to two.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

TEMPERATURE, MIN_P, TOP_K = 0.7, 0.05, 40
REPEAT_PENALTY, REPEAT_WINDOW = 1.1, 48  # tokens looked back on, the end of the prompt included
END_BIAS = 1.2  # added to the logit of the full stop: short tails read better and take less time
MAX_TAIL_TOKENS = 16
MAX_TAIL_WORDS = 7  # one over what the guards allow: a longer tail is refused or ended earlier anyway
MAX_SCENE_TOKENS = 320  # scene, turns and clause; about twice the usual
BATCH_TOKENS = 512
CELL_BLOCK = 256  # llama.cpp rounds a sequence's share of the cache up to this
PREFIX, LEADER = 0, 1  # sequence ids: the shared prefix, then the candidates from LEADER on, then the padding row
RANDOM_SEED = 0xFFFFFFFF  # llama.cpp takes this seed for "choose one by chance"
ENDS = (".", "!", "?", "\n")


class LoadError(RuntimeError):
    """The library refused the model; the message is the library's own."""


@dataclass
class Tail:
    """What the model adds to one prompt in one try."""

    text: str = ""
    log_probability: float = 0.0  # mean per token, of the model before temperature and cuts
    tokens: list[int] = field(default_factory=list)


class LocalModel:
    """A loaded model that has read the shared prefix.

    `library` is the module llama_cpp.llama_cpp, passed in so that only one file of Hamlet imports it. `candidates`
    tails are made for each prompt.

    Raises:
        LoadError: the model cannot be loaded, or cannot hold prefix and scene.
    """

    def __init__(self, library: Any, path: Path, prefix: str, *, threads: int, candidates: int) -> None:
        self._lib = library
        self._candidates = candidates
        self._log: list[str] = []
        self._log_callback = library.llama_log_callback(self._note)  # must stay referenced
        library.llama_log_set(self._log_callback, None)
        library.llama_backend_init()
        parameters = library.llama_model_default_params()
        parameters.n_gpu_layers = 0
        self._model = library.llama_model_load_from_file(str(path).encode(), parameters)
        if not self._model:
            raise LoadError("".join(self._log).strip() or "the model could not be loaded")
        self._vocab = library.llama_model_get_vocab(self._model)
        self._vocab_size = library.llama_vocab_n_tokens(self._vocab)
        self._ends = {t for t in range(self._vocab_size) if library.llama_vocab_is_eog(self._vocab, t)}
        self._ends |= set(self.tokens("<|im_start|>")[:1])
        self._bias = (library.llama_logit_bias * 1)()
        self._bias[0].token, self._bias[0].bias = self.tokens("end.")[-1], END_BIAS
        tokens = self.tokens(prefix, begin=True)
        self._context = self._new_context(len(tokens) + MAX_SCENE_TOKENS + MAX_TAIL_TOKENS, threads)
        self._memory = library.llama_get_memory(self._context)
        self._batch = _Batch(library)
        self._prefix_length = len(tokens)
        self._prefill(tokens, 0, PREFIX)

    def tokens(self, text: str, *, begin: bool = False) -> list[int]:
        """Token ids of a text; `begin` adds the model's start token where it has one."""
        data = text.encode()
        buffer = (ctypes.c_int32 * (len(data) + 8))()
        count = self._lib.llama_tokenize(self._vocab, data, len(data), buffer, len(buffer), begin, True)
        return list(buffer[:count])

    def tails(self, scene: str, seeds: Sequence[int]) -> list[Tail]:
        """One tail per seed for the shared prefix followed by `scene`.

        Raises:
            ValueError: the scene is empty or longer than MAX_SCENE_TOKENS, or the seeds are not one per candidate.
        """
        tokens = self.tokens(scene)
        if not 0 < len(tokens) <= MAX_SCENE_TOKENS or len(seeds) != self._candidates:
            raise ValueError(f"{len(tokens)} tokens of scene (1 to {MAX_SCENE_TOKENS}), {len(seeds)} seeds")
        lib = self._lib
        sequences = range(LEADER, LEADER + self._candidates)
        for sequence in sequences:
            lib.llama_memory_seq_rm(self._memory, sequence, -1, -1)
        lib.llama_memory_seq_cp(self._memory, PREFIX, LEADER, -1, -1)
        last_row = self._prefill(tokens, self._prefix_length, LEADER)
        for sequence in sequences[1:]:
            lib.llama_memory_seq_cp(self._memory, LEADER, sequence, -1, -1)
        chains = [self._sampler(seed, tokens[-REPEAT_WINDOW:]) for seed in seeds]
        try:
            return self._go_on(chains, last_row, self._prefix_length + len(tokens))
        finally:
            for chain in chains:
                lib.llama_sampler_free(chain)

    def close(self) -> None:
        """Free the model."""
        self._lib.llama_free(self._context)
        self._lib.llama_model_free(self._model)

    def _go_on(self, chains: list[Any], last_row: int, position: int) -> list[Tail]:
        results = [Tail() for _ in chains]
        rows = dict.fromkeys(range(len(chains)), last_row)  # candidates still talking -> row of their logits
        while rows:
            going = [index for index, row in rows.items() if self._take(results[index], chains[index], row)]
            self._batch.clear()
            rows = {i: self._batch.add(results[i].tokens[-1], position, LEADER + i, logits=True) for i in going}
            if rows:
                self._decode_padded()
            position += 1
        for result in results:
            result.log_probability = round(result.log_probability / max(1, len(result.tokens)), 4)
        return results

    def _take(self, result: Tail, chain: Any, row: int) -> bool:
        """Sample one token into a tail; False when the tail is complete."""
        token = self._lib.llama_sampler_sample(chain, self._context, row)
        result.log_probability += self._log_probability(token, row)
        result.tokens.append(token)
        if token in self._ends:
            return False
        result.text = b"".join(self._piece(t) for t in result.tokens).decode("utf-8", "ignore")
        cut = min((found + 1 for end in ENDS if (found := result.text.find(end)) >= 0), default=0)
        if cut:
            result.text = result.text[:cut].rstrip()
            return False
        return len(result.tokens) < MAX_TAIL_TOKENS and len(result.text.split()) <= MAX_TAIL_WORDS

    def _log_probability(self, token: int, row: int) -> float:
        pointer = self._lib.llama_get_logits_ith(self._context, row)
        logits = np.ctypeslib.as_array(pointer, (self._vocab_size,)).astype(np.float64)
        top = logits.max()
        return float(logits[token] - top - np.log(np.exp(logits - top).sum()))

    def _piece(self, token: int) -> bytes:
        buffer = ctypes.create_string_buffer(64)
        length = self._lib.llama_token_to_piece(self._vocab, token, buffer, len(buffer), 0, False)
        return buffer.raw[: max(length, 0)]

    def _sampler(self, seed: int, seen: Sequence[int]) -> Any:
        lib = self._lib
        chain = lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params())
        for part in (
            lib.llama_sampler_init_logit_bias(self._vocab_size, len(self._bias), self._bias),
            lib.llama_sampler_init_penalties(self._vocab_size, REPEAT_WINDOW, REPEAT_PENALTY, 0.0, 0.0),
            lib.llama_sampler_init_top_k(TOP_K),
            lib.llama_sampler_init_min_p(MIN_P, 1),
            lib.llama_sampler_init_temp(TEMPERATURE),
            lib.llama_sampler_init_dist(seed if seed != RANDOM_SEED else 0),
        ):
            lib.llama_sampler_chain_add(chain, part)  # the chain owns its parts
        for token in seen:
            lib.llama_sampler_accept(chain, token)
        return chain

    def _prefill(self, tokens: Sequence[int], position: int, sequence: int) -> int:
        """Decode a prompt alone into one sequence; the row of its last logits."""
        row = -1
        for chunk in (tokens[start : start + BATCH_TOKENS] for start in range(0, len(tokens), BATCH_TOKENS)):
            self._batch.clear()
            for offset, token in enumerate(chunk):
                row = self._batch.add(token, position + offset, sequence, logits=offset == len(chunk) - 1)
            position += len(chunk)
            self._decode_padded()
        return row

    def _decode_padded(self) -> None:
        # A batch of one row takes another product (matrix times vector), which sums in another order.
        spare = LEADER + self._candidates
        padded = self._batch.rows == 1
        if padded:
            self._batch.add(0, 0, spare, logits=False)
        status = self._lib.llama_decode(self._context, self._batch.struct())
        if status:
            raise RuntimeError(f"llama_decode gave {status}")
        if padded:
            self._lib.llama_memory_seq_rm(self._memory, spare, -1, -1)

    def _new_context(self, cells: int, threads: int) -> Any:
        lib = self._lib
        cells = -(-cells // CELL_BLOCK) * CELL_BLOCK
        trained = lib.llama_model_n_ctx_train(self._model)
        if trained < cells:
            raise LoadError(f"context too small: {trained} tokens of {cells} needed")
        parameters = lib.llama_context_default_params()
        parameters.n_seq_max = LEADER + self._candidates + 1
        parameters.n_ctx = cells * parameters.n_seq_max
        parameters.n_batch = parameters.n_ubatch = BATCH_TOKENS
        parameters.n_threads = parameters.n_threads_batch = threads
        parameters.kv_unified = False
        parameters.flash_attn_type = lib.LLAMA_FLASH_ATTN_TYPE_DISABLED
        parameters.no_perf = True
        context = lib.llama_init_from_model(self._model, parameters)
        if not context:
            raise LoadError("".join(self._log).strip() or "no memory for the context")
        return context

    def _note(self, level: int, text: bytes, _data: Any) -> None:
        if level >= 4:  # GGML_LOG_LEVEL_ERROR; 5 continues the line before
            self._log.append(text.decode("utf-8", "replace"))


class _Batch:
    """A llama_batch on numpy memory: nothing to free, no writes through ctypes one by one."""

    def __init__(self, library: Any) -> None:
        self.rows = 0
        self._token: NDArray[np.int32] = np.zeros(BATCH_TOKENS, np.int32)
        self._position: NDArray[np.int32] = np.zeros(BATCH_TOKENS, np.int32)
        self._sequence: NDArray[np.int32] = np.zeros(BATCH_TOKENS, np.int32)
        self._sequences: NDArray[np.int32] = np.ones(BATCH_TOKENS, np.int32)
        self._logits: NDArray[np.int8] = np.zeros(BATCH_TOKENS, np.int8)
        self._pointers = (self._sequence.ctypes.data + 4 * np.arange(BATCH_TOKENS)).astype(np.uint64)
        ints = ctypes.POINTER(ctypes.c_int32)
        self._struct = library.llama_batch()
        self._struct.token = self._token.ctypes.data_as(ints)
        self._struct.pos = self._position.ctypes.data_as(ints)
        self._struct.n_seq_id = self._sequences.ctypes.data_as(ints)
        self._struct.seq_id = ctypes.cast(self._pointers.ctypes.data, ctypes.POINTER(ints))
        self._struct.logits = self._logits.ctypes.data_as(ctypes.POINTER(ctypes.c_int8))

    def clear(self) -> None:
        self.rows = 0

    def add(self, token: int, position: int, sequence: int, *, logits: bool) -> int:
        """Append a row; its index is what the sampler wants."""
        row = self.rows
        self._token[row], self._position[row], self._sequence[row] = token, position, sequence
        self._logits[row] = logits
        self.rows += 1
        return row

    def struct(self) -> Any:
        self._struct.n_tokens = self.rows
        return self._struct
