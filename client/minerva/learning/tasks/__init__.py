"""The bundled tasks: each one plain file that does not import Minerva, to be copied and changed."""
