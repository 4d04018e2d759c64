/* symbols.c: see symbols.h. The files are only trusted as far as their own sizes reach. */
#include "os/symbols.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MODULES 48
#define NAME    64

struct module {
    char name[NAME];
    uintptr_t base, from, until; /* where it is loaded; its code */
    const char *file;            /* the mapped file */
    size_t size;
    const ElfW(Sym) * symbols;
    size_t n;
    const char *strings;
    size_t strings_n;
};

static struct module modules[MODULES];
static unsigned n_modules;

static void drop_all(void)
{
    for (unsigned i = 0; i < n_modules; i++)
        if (modules[i].file)
            munmap((void *)(uintptr_t)modules[i].file, modules[i].size);
    n_modules = 0;
}

static bool map(struct module *m, const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    void *p = MAP_FAILED;
    if (fstat(fd, &st) == 0 && st.st_size >= (off_t)sizeof(ElfW(Ehdr)))
        p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (p == MAP_FAILED)
        return false;
    m->file = p;
    m->size = (size_t)st.st_size;
    return true;
}

static bool within(const struct module *m, uint64_t at, uint64_t n)
{
    return at <= m->size && n <= m->size - at;
}

static const ElfW(Shdr) * sections(const struct module *m, unsigned *n)
{
    const ElfW(Ehdr) *h = (const void *)m->file;
    *n = h->e_shnum;
    if (memcmp(h->e_ident, ELFMAG, SELFMAG) != 0 || h->e_shentsize != sizeof(ElfW(Shdr)) ||
        h->e_shoff % _Alignof(ElfW(Shdr)) != 0 ||
        !within(m, h->e_shoff, (uint64_t)*n * sizeof(ElfW(Shdr))))
        return NULL;
    return (const void *)(m->file + h->e_shoff);
}

static bool take_table(struct module *m, unsigned type)
{
    unsigned n;
    const ElfW(Shdr) *all = sections(m, &n);
    for (unsigned i = 0; all && i < n; i++) {
        const ElfW(Shdr) *s = &all[i];
        if (s->sh_type != type || s->sh_link >= n || s->sh_offset % _Alignof(ElfW(Sym)) != 0)
            continue;
        const ElfW(Shdr) *strings = &all[s->sh_link];
        if (!within(m, s->sh_offset, s->sh_size) ||
            !within(m, strings->sh_offset, strings->sh_size) || strings->sh_size == 0 ||
            m->file[strings->sh_offset + strings->sh_size - 1] != 0)
            continue;
        m->symbols = (const void *)(m->file + s->sh_offset);
        m->n = s->sh_size / sizeof(ElfW(Sym));
        m->strings = m->file + strings->sh_offset;
        m->strings_n = strings->sh_size;
        return true;
    }
    return false;
}

static void find_range(struct module *m, const struct dl_phdr_info *info)
{
    m->base = info->dlpi_addr;
    m->from = UINTPTR_MAX;
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        if (p->p_type != PT_LOAD)
            continue;
        uintptr_t from = m->base + p->p_vaddr, until = from + p->p_memsz;
        m->from = from < m->from ? from : m->from;
        m->until = until > m->until ? until : m->until;
    }
}

static void name_it(struct module *m, const char *path)
{
    char self[512];
    if (!*path) {
        ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
        self[n < 0 ? 0 : n] = 0;
        path = self;
    }
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    size_t n = strlen(base) < NAME - 1 ? strlen(base) : NAME - 1;
    memcpy(m->name, base, n);
}

static int take(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)size;
    (void)arg;
    if (n_modules == MODULES)
        return 1;
    struct module *m = &modules[n_modules++];
    memset(m, 0, sizeof *m);
    find_range(m, info);
    name_it(m, info->dlpi_name);
    if (map(m, *info->dlpi_name ? info->dlpi_name : "/proc/self/exe") && !take_table(m, SHT_SYMTAB))
        take_table(m, SHT_DYNSYM);
    return 0;
}

void symbols_load(void)
{
    drop_all();
    dl_iterate_phdr(take, NULL);
}

static bool is_function(const struct module *m, const ElfW(Sym) * s)
{
    return (s->st_info & 0xf) == STT_FUNC && s->st_shndx != SHN_UNDEF && s->st_name < m->strings_n;
}

static void look_up(const struct module *m, uintptr_t address, struct symbol *out)
{
    for (size_t i = 0; i < m->n; i++) {
        const ElfW(Sym) *s = &m->symbols[i];
        if (!is_function(m, s))
            continue;
        uintptr_t from = m->base + s->st_value;
        if (address < from || address - from >= s->st_size)
            continue;
        out->name = m->strings + s->st_name;
        out->offset = address - from;
        return;
    }
}

bool symbols_find(uintptr_t address, struct symbol *out)
{
    *out = (struct symbol){.module = "", .at = address};
    for (unsigned i = 0; i < n_modules; i++) {
        const struct module *m = &modules[i];
        if (address < m->from || address >= m->until)
            continue;
        out->module = m->name;
        out->at = address - m->base;
        look_up(m, address, out);
        return true;
    }
    return false;
}
