// Package runtime is what generated bindings need of memory and handles.
//
// The host asks for memory (cabi_realloc) at moments when a guest may not call out, and Go's collector reads a
// clock. So nothing is allocated on the Go heap then: the bytes come from a buffer made ahead, where calling out
// is allowed, or, when that is too small, from memory that the collector doesn't know.
package runtime

import (
	"fmt"
	"runtime"
	"unsafe"
)

// bufferMin is the least size of a buffer made ahead, and of a step of memory outside the Go heap.
const bufferMin = 64 << 10

var (
	buffer   []byte // what is left to hand out
	made     []byte // the whole buffer made ahead, kept while the host's answer is read from it
	previous []byte // the one before
	asked    int    // bytes that the host took since the last look
	enough   = bufferMin
)

// The Go heap grows by the same call, which asks the engine for memory and nothing else.
//
//go:linkname sbrk runtime.sbrk
func sbrk(n uintptr) unsafe.Pointer

// prepare makes a new buffer where the old one wouldn't do for another round as large as the largest so far.
func prepare() {
	for enough < asked {
		enough *= 2
	}
	asked = 0
	if len(buffer) < enough {
		previous = made
		made = aligned(enough)
		buffer = made
	}
}

func aligned(size int) []byte {
	words := make([]uint64, size/8)
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(words))), size)
}

//go:wasmexport cabi_realloc
func cabiRealloc(old unsafe.Pointer, oldSize, align, size uintptr) unsafe.Pointer {
	if size == 0 {
		return unsafe.Pointer(align)
	}
	taken := int(size+7) &^ 7
	asked += taken
	if taken > len(buffer) {
		step := max(taken, bufferMin)
		buffer = unsafe.Slice((*byte)(sbrk(uintptr(step))), step)
	}
	memory := unsafe.Pointer(unsafe.SliceData(buffer))
	buffer = buffer[taken:]
	if old != nil {
		copy(unsafe.Slice((*byte)(memory), size), unsafe.Slice((*byte)(old), oldSize))
	}
	return memory
}

// Allocate makes memory that stays until the pinner lets go. Bindings call it before they call out, so it is
// also where the buffer for the host's answer is made; the pinner keeps that too while the answer is read.
func Allocate(pinner *runtime.Pinner, size, align uintptr) unsafe.Pointer {
	prepare()
	if made != nil {
		pinner.Pin(unsafe.SliceData(made))
	}
	if size == 0 {
		return nil
	}
	if align > 8 {
		panic(fmt.Sprintf("no memory is aligned to %d", align))
	}
	memory := unsafe.Pointer(unsafe.SliceData(make([]uint64, (size+7)/8)))
	pinner.Pin(memory)
	return memory
}

// Unpin is called once the arguments of a call are read.
func Unpin() {
	prepare()
}

// Handle is a resource of the host.
type Handle struct {
	value int32
}

// MakeHandle takes a handle from the host.
func MakeHandle(value int32) *Handle {
	handle := &Handle{}
	handle.Set(value)
	return handle
}

// Use gives the handle for one call.
func (h *Handle) Use() int32 {
	if h.value == 0 {
		panic("a resource is used after it was dropped")
	}
	return h.value
}

// Take gives the handle away.
func (h *Handle) Take() int32 {
	value := h.Use()
	h.value = 0
	return value
}

// TakeOrNil gives the handle away, or 0 if that was done before.
func (h *Handle) TakeOrNil() int32 {
	value := h.value
	h.value = 0
	return value
}

// Set puts a handle into an empty place.
func (h *Handle) Set(value int32) {
	if value == 0 || h.value != 0 {
		panic("a resource handle is empty, or set twice")
	}
	h.value = value
}
