import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Reads files as java.util.Properties does: arguments are text:path or xml:path, the answer is a line of JSON for each,
 * an object of names and values, or null for a file that is refused.
 */
public class Read {
    public static void main(String[] arguments) {
        for (String argument : arguments) {
            String[] parts = argument.split(":", 2);
            System.out.println(json(read(parts[0], Path.of(parts[1]))));
        }
    }

    private static Properties read(String kind, Path path) {
        Properties properties = new Properties();
        try {
            ByteArrayInputStream bytes = new ByteArrayInputStream(Files.readAllBytes(path));
            if (kind.equals("xml")) properties.loadFromXML(bytes);
            else properties.load(bytes);
            return properties;
        } catch (IOException | IllegalArgumentException refused) {
            return null;
        }
    }

    private static String json(Properties properties) {
        if (properties == null) return "null";
        Map<String, String> sorted = new TreeMap<>();
        for (String name : properties.stringPropertyNames()) sorted.put(name, properties.getProperty(name));
        return sorted.entrySet().stream()
            .map(entry -> quoted(entry.getKey()) + ":" + quoted(entry.getValue()))
            .collect(Collectors.joining(",", "{", "}"));
    }

    private static String quoted(String text) {
        StringBuilder result = new StringBuilder("\"");
        for (char one : text.toCharArray()) {
            if (one < ' ' || one > '~' || one == '"' || one == '\\') result.append(String.format("\\u%04x", (int) one));
            else result.append(one);
        }
        return result.append('"').toString();
    }
}
