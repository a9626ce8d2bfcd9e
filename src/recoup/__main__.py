"""`python -m recoup`: the program, for whoever has no `recoup` on the path."""

from recoup.cli import main

if __name__ == "__main__":
    main()
