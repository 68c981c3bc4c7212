"""Tails for many prompts at once from one GGUF model, each the same whatever is asked before or beside it.

Continuous batching over llama.cpp's low-level interface: every prompt is read once into a sequence that starts as a
copy of the shared prefix, forked into its candidates, and all candidates of all prompts under way are decoded together.
Sums of floats depend on the shape of a batch, so the shapes that matter are kept fixed: flash attention off, one stream
of the key-value cache per sequence, one prompt per prefill, prefill never mixed with decoding, one row padded to two.
"""

from __future__ import annotations

import ctypes
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

TEMPERATURE, MIN_P, TOP_K = 1.0, 0.05, 40
REPEAT_PENALTY, REPEAT_WINDOW = 1.1, 48  # tokens looked back on, the end of the prompt included
END_BIAS = 3.0  # added to the logit of the full stop once a wanted word is said: what a small model adds reads worse
# Added to the logits of how wanted words begin, so that nearly always one of them comes and the model chooses which;
# and to those of how the word that is begun goes on, so that nothing else comes.
WANT_BIAS, GO_ON_BIAS = 8.0, 50.0
MAX_TAIL_TOKENS = 16
MAX_TAIL_WORDS = 7  # one over what the guards allow: a longer tail is refused or ended earlier anyway
MAX_PROMPT_TOKENS = 240  # prefix and scene: 220 by the vocabulary of the embedded model, and room for coarser ones
BATCH_TOKENS = 512
CELL_BLOCK = 256  # llama.cpp rounds a sequence's share of the cache up to this
MOST_SLOTS = 16  # prompts under way; on a processor more rows gain little, and each sequence costs megabytes
PREFIX = 0  # sequence id of the shared prefix; the candidates of the slots follow, then the padding row
FLOAT_TYPES = (0, 1, 32)  # llama_ftype: all F32, mostly F16, mostly BF16
RANDOM_SEED = 0xFFFFFFFF  # llama.cpp takes this seed for "choose one by chance"
ENDS = (".", "!", "?", "\n")


class LoadError(RuntimeError):
    """The library refused the model; the message is the library's own."""


@dataclass
class Tail:
    """What the model adds to one prompt in one try."""

    text: str = ""
    log_probability: float = 0.0  # mean per token, of the model with its biases, before temperature and cuts
    tokens: list[int] = field(default_factory=list)
    begun: tuple[int, ...] = ()  # tokens of the wanted word under way
    named: bool = False  # a wanted word has been said


@dataclass(frozen=True)
class Prompt:
    """Something to go on with: what follows the shared prefix, one seed per candidate, words of which one is wanted."""

    key: tuple[int, ...]
    scene: str
    seeds: tuple[int, ...]
    want: tuple[str, ...] = ()


@dataclass
class _Slot:
    """A prompt under way: its candidates, the sequences and samplers they have, and which of them still talk."""

    key: tuple[int, ...]
    first: int  # sequence of the first candidate
    position: int  # of the next token
    tails: list[Tail]
    chains: list[Any]
    wanted: frozenset[tuple[int, ...]]  # words as tokens
    rows: dict[int, int]  # candidate still talking -> row of its logits in the last batch


class LocalModel:
    """A loaded model that has read the shared prefix and goes on with many prompts at a time.

    `library` is the module llama_cpp.llama_cpp, passed in so that only one file of Hamlet imports it. `candidates`
    tails are made for each prompt. With `exact` they depend on the prompt and its seeds alone; a model whose weights
    are floats then takes one prompt at a time, because its products sum in another order for every number of rows.

    Raises:
        LoadError: the model cannot be loaded, or cannot hold prefix and scene.
    """

    def __init__(
        self, library: Any, path: Path, prefix: str, *, threads: int, candidates: int, exact: bool = True
    ) -> None:
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
        if not library.llama_model_has_decoder(self._model) or self._vocab_size == 0:
            raise LoadError("it is no model that goes on with a text")
        self._ends = {t for t in range(self._vocab_size) if library.llama_vocab_is_eog(self._vocab, t)}
        self._ends |= set(self.tokens("<|im_start|>")[:1])
        self._stop = self.tokens("end.")[-1]
        self._words: dict[str, tuple[int, ...]] = {}  # words that were wanted, as tokens
        tokens = self.tokens(prefix, begin=True)
        slots = 1 if exact and self._file_type() in FLOAT_TYPES else MOST_SLOTS
        self._spare = 1 + slots * candidates  # sequence of the padding row
        self._context = self._new_context(max(len(tokens), MAX_PROMPT_TOKENS) + MAX_TAIL_TOKENS, threads)
        self._memory = library.llama_get_memory(self._context)
        self._batch = _Batch(library)
        self._waiting: deque[tuple[Prompt, list[int]]] = deque()
        self._free = [1 + slot * candidates for slot in reversed(range(slots))]
        self._slots: list[_Slot] = []
        self._prefix_length = len(tokens)
        self._prefill(tokens, 0, PREFIX)

    def tokens(self, text: str, *, begin: bool = False) -> list[int]:
        """Token ids of a text; `begin` adds the model's start token where it has one."""
        data = text.encode()
        room = len(data) + 8
        while True:
            buffer = (ctypes.c_int32 * room)()
            count = self._lib.llama_tokenize(self._vocab, data, len(data), buffer, room, begin, True)
            if count >= 0:
                return list(buffer[:count])
            if room == -count:
                raise LoadError("its vocabulary cannot take up a text")
            room = -count  # words outside its vocabulary may take more tokens than bytes

    @property
    def busy(self) -> bool:
        """True while prompts wait or are under way."""
        return bool(self._waiting or self._slots)

    def submit(self, prompt: Prompt) -> None:
        """Ask for the tails of a prompt.

        Raises:
            ValueError: the scene is empty or too long beside the prefix, or the seeds are not one per candidate.
        """
        tokens = self.tokens(prompt.scene)
        room = MAX_PROMPT_TOKENS - self._prefix_length
        if not 0 < len(tokens) <= room or len(prompt.seeds) != self._candidates:
            raise ValueError(f"{len(tokens)} tokens of scene (1 to {room}), {len(prompt.seeds)} seeds")
        self._waiting.append((prompt, tokens))

    def step(self) -> list[tuple[tuple[int, ...], list[Tail]]]:
        """One pass through the model: reads the next prompt while a slot is free, else goes on with all under way.

        Returns the key and the tails of every prompt that is complete.
        """
        if self._waiting and self._free:
            self._slots.append(self._begun(*self._waiting.popleft()))
            going = self._slots[-1:]
        else:
            self._batch.clear()
            for slot in self._slots:
                slot.rows = {
                    i: self._batch.add(slot.tails[i].tokens[-1], slot.position, slot.first + i, logits=True)
                    for i in slot.rows
                }
                slot.position += 1
            if self._batch.rows:
                self._decode_padded()
            going = self._slots
        for slot in going:
            slot.rows = {i: row for i, row in slot.rows.items() if self._take(slot, i, row)}
        return [self._finished(slot) for slot in list(self._slots) if not slot.rows]

    def close(self) -> None:
        """Free the model."""
        for slot in self._slots:
            for chain in slot.chains:
                self._lib.llama_sampler_free(chain)
        self._slots.clear()
        self._lib.llama_free(self._context)
        self._lib.llama_model_free(self._model)
        self._lib.llama_log_set(self._lib.llama_log_callback(), None)  # ours ends with this object

    def _begun(self, prompt: Prompt, tokens: list[int]) -> _Slot:
        first = self._free.pop()
        sequences = range(first, first + self._candidates)
        self._lib.llama_memory_seq_cp(self._memory, PREFIX, first, -1, -1)
        row = self._prefill(tokens, self._prefix_length, first)
        for sequence in sequences[1:]:
            self._lib.llama_memory_seq_cp(self._memory, first, sequence, -1, -1)
        wanted = frozenset(map(self._word, prompt.want)) - {()}
        chains = [self._sampler(seed, tokens[-REPEAT_WINDOW:]) for seed in prompt.seeds]
        tails = [Tail() for _ in chains]
        rows = dict.fromkeys(range(self._candidates), row)
        position = self._prefix_length + len(tokens)
        return _Slot(prompt.key, first, position, tails, chains, wanted, rows)

    def _finished(self, slot: _Slot) -> tuple[tuple[int, ...], list[Tail]]:
        for index, chain in enumerate(slot.chains):
            self._lib.llama_sampler_free(chain)
            self._lib.llama_memory_seq_rm(self._memory, slot.first + index, -1, -1)
        for tail in slot.tails:
            tail.log_probability = round(tail.log_probability / max(1, len(tail.tokens)), 4)
        self._slots.remove(slot)
        self._free.append(slot.first)
        return slot.key, slot.tails

    def _take(self, slot: _Slot, candidate: int, row: int) -> bool:
        """Sample one token into a tail; False when the tail is complete."""
        result = slot.tails[candidate]
        token = self._drawn(slot, candidate, row)
        begun = (*result.begun, token)
        result.begun = begun if any(word[: len(begun)] == begun for word in slot.wanted) else ()
        result.named |= begun in slot.wanted
        result.tokens.append(token)
        if token in self._ends:
            return False
        result.text = b"".join(self._piece(t) for t in result.tokens).decode("utf-8", "ignore")
        cut = min((found + 1 for end in ENDS if (found := result.text.find(end)) >= 0), default=0)
        if cut:
            result.text = result.text[:cut].rstrip()
            return False
        return len(result.tokens) < MAX_TAIL_TOKENS and len(result.text.split()) <= MAX_TAIL_WORDS

    def _drawn(self, slot: _Slot, candidate: int, row: int) -> int:
        """The next token of a tail, whose likelihood is added to the tail's."""
        tail = slot.tails[candidate]
        added = self._added(slot, tail)
        places = list(added)
        logits = np.ctypeslib.as_array(self._lib.llama_get_logits_ith(self._context, row), (self._vocab_size,))
        model = logits[places]  # a copy, put back below: the first row is that of all candidates
        logits[places] += list(added.values())
        token = int(self._lib.llama_sampler_sample(slot.chains[candidate], self._context, row))
        top = logits.max()
        tail.log_probability += float(logits[token] - top) - float(np.log(np.exp(logits - top).sum(dtype=np.float64)))
        logits[places] = model
        return token

    def _added(self, slot: _Slot, tail: Tail) -> dict[int, float]:
        """What is added to the logits of the next token of a tail."""
        if tail.named:
            return {self._stop: END_BIAS}
        length, bias = len(tail.begun), GO_ON_BIAS if tail.begun else WANT_BIAS
        return {word[length]: bias for word in slot.wanted if word[:length] == tail.begun}

    def _piece(self, token: int) -> bytes:
        buffer = ctypes.create_string_buffer(64)
        length = self._lib.llama_token_to_piece(self._vocab, token, buffer, len(buffer), 0, False)
        return buffer.raw[: max(length, 0)]

    def _word(self, word: str) -> tuple[int, ...]:
        if word not in self._words:
            self._words[word] = tuple(self.tokens(f" {word}"))
        return self._words[word]

    def _sampler(self, seed: int, seen: Sequence[int]) -> Any:
        lib = self._lib
        chain = lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params())
        for part in (
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
        padded = self._batch.rows == 1
        if padded:
            self._batch.add(0, 0, self._spare, logits=False)
        status = self._lib.llama_decode(self._context, self._batch.struct())
        if status:
            raise RuntimeError(f"llama_decode gave {status}")
        if padded:
            self._lib.llama_memory_seq_rm(self._memory, self._spare, -1, -1)

    def _new_context(self, cells: int, threads: int) -> Any:
        lib = self._lib
        cells = -(-cells // CELL_BLOCK) * CELL_BLOCK
        trained = lib.llama_model_n_ctx_train(self._model)
        if trained < cells:
            raise LoadError(f"context too small: {trained} tokens of {cells} needed")
        parameters = lib.llama_context_default_params()
        parameters.n_seq_max = self._spare + 1
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

    def _file_type(self) -> int:
        """The llama_ftype the file states; -1 where it states none."""
        text = ctypes.create_string_buffer(16)
        length = self._lib.llama_model_meta_val_str(self._model, b"general.file_type", text, len(text))
        return int(text.value) if length > 0 else -1

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
